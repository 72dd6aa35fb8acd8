// SPDX-License-Identifier: MIT
// A domain's grant table as it stands between two operations: nobody is in the core, so nobody needs its lock.
#pragma once

#include <xen/domain.hpp>

#include "common/grant/table.hpp"

namespace xen::census {

inline grant::SharedEntry shared_entry(const Domain& d, u32 ref) NO_THREAD_SAFETY_ANALYSIS { return d.grants->shared(ref); }
inline const grant::ActiveEntry* active_entry(const Domain& d, u32 ref) NO_THREAD_SAFETY_ANALYSIS {
    return d.grants->active_if_any(ref);
}
inline u32 grant_entries(const Domain& d) NO_THREAD_SAFETY_ANALYSIS { return d.grants->entries(); }

}  // namespace xen::census
