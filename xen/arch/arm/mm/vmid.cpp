// SPDX-License-Identifier: MIT
#include "arch/arm/mm/vmid.hpp"

#include <asm/stage2.hpp>
#include <atomic>
#include <bit>

namespace xen::vmid {
namespace {

constexpr unsigned kMostBits = 16, kFewestBits = 8;
constinit std::atomic<u64> used[(1u << kMostBits) / 64] = {1};

}  // namespace

// ID_AA64MMFR1_EL1.VMIDBits (ARM D19.2.65): 2 for 16 bits.
bool wide() { return arch::vmid_bits_field() == 2; }

Maybe<u16> take() {
    unsigned words = (1u << (wide() ? kMostBits : kFewestBits)) / 64;
    for (unsigned w = 0; w < words; ++w)
        for (u64 old = used[w].load(std::memory_order_relaxed); ~old;) {
            auto bit = static_cast<unsigned>(std::countr_one(old));
            if (used[w].compare_exchange_weak(old, old | u64{1} << bit, std::memory_order_acq_rel)) return static_cast<u16>(w * 64 + bit);
        }
    return nothing;
}

void give(u16 id) { used[id / 64].fetch_and(~(u64{1} << id % 64), std::memory_order_acq_rel); }

}  // namespace xen::vmid
