// SPDX-License-Identifier: MIT
// Private to common/memory: the zones that free memory is kept in.
#pragma once

#include <array>

#include <xen/memory.hpp>

namespace xen::memory {

// Below 4 GiB is kept for those who ask for it.
enum Zone : unsigned { kLow, kHigh, kZones };

struct ZoneState {
    u64 free = 0;                                   // frames
    std::array<u32, kMaxOrder + 1> blocks{};        // free ones of each order
};
// Frees single frames with old contents and every reference word zero, a list through PageInfo::next; 0 is none.
void free_list(u32 first);
ZoneState zone_state(NodeId node, unsigned zone);

}  // namespace xen::memory
