// SPDX-License-Identifier: MIT
// Leaf: how the hypervisor reaches a machine frame. The direct map covers all RAM of the memory map.
// Only MappedPage, the heap and page-table code use it; guest pages are never kept as raw pointers.
#pragma once

#include "lib/index.hpp"

namespace xen::arch {

inline constexpr u64 kDirectMap = 0xffff830000000000;      // L4 slots 262 to 271
inline constexpr u64 kDirectMapEnd = 0xffff880000000000;

inline void* direct_map(Paddr a) { return reinterpret_cast<void*>(kDirectMap + a.raw()); }
inline void* direct_map(Mfn f) { return direct_map(address_of(f)); }
inline Paddr direct_map_paddr(const void* p) { return Paddr{reinterpret_cast<u64>(p) - kDirectMap}; }
inline Mfn direct_map_mfn(const void* p) { return frame_of(direct_map_paddr(p)); }

}  // namespace xen::arch
