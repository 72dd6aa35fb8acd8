// SPDX-License-Identifier: MIT
// Leaf: the direct map of RAM at EL2.
#pragma once

#include "lib/index.hpp"

namespace xen::arch {

inline constexpr u64 kDirectMap = 0x0000800000000000;

inline void* direct_map(Paddr a) { return reinterpret_cast<void*>(kDirectMap + a.raw()); }
inline void* direct_map(Mfn f) { return direct_map(address_of(f)); }
inline Paddr direct_map_paddr(const void* p) { return Paddr{reinterpret_cast<u64>(p) - kDirectMap}; }
inline Mfn direct_map_mfn(const void* p) { return frame_of(direct_map_paddr(p)); }

}  // namespace xen::arch
