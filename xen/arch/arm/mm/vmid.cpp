// SPDX-License-Identifier: MIT
#include "arch/arm/mm/vmid.hpp"

#include <atomic>

namespace xen::vmid {
namespace {

constinit std::atomic<u64> used[4] = {1};

}  // namespace

Maybe<u16> take() {
    for (unsigned w = 0; w < 4; ++w)
        for (u64 old = used[w].load(std::memory_order_relaxed); ~old;) {
            unsigned bit = static_cast<unsigned>(__builtin_ctzll(~old));
            if (used[w].compare_exchange_weak(old, old | u64{1} << bit, std::memory_order_acq_rel)) return static_cast<u16>(w * 64 + bit);
        }
    return nothing;
}

void give(u16 id) { used[id / 64].fetch_and(~(u64{1} << id % 64), std::memory_order_acq_rel); }

}  // namespace xen::vmid
