// SPDX-License-Identifier: MIT
// dom0's memory: where the machine has it, so that devices may be told the addresses that dom0 knows. In few pieces, as large as
// there are.
#pragma once

#include <xen/domain.hpp>

#include "arch/arm/guest_build/load.hpp"

namespace xen::dom0 {

struct Bank {
    Mfn first{};
    u64 pages = 0;
    Mfn end() const { return first + pages; }
};
using Banks = FixedVector<Bank, 32>;   // sorted, not touching

inline device_tree::Range range_of(const Bank& b) { return {address_of(b.first).raw(), b.pages << kPageShift}; }
inline guest_build::Ranges ranges_of(const Banks& banks) {
    guest_build::Ranges r;
    for (const Bank& b : banks) (void)r.push(range_of(b));
    return r;
}

// Takes and maps about as much as asked for: less than 2 MiB may be missing. Errno::nomem with a log line.
Result<Banks> allocate_banks(Domain& d, u64 pages);

}  // namespace xen::dom0
