// SPDX-License-Identifier: MIT
// Simulated leaf: physical memory is one host mapping.
#pragma once

#include "lib/index.hpp"

namespace xen::arch {

extern u8* physical_memory;

inline void* direct_map(Paddr a) { return physical_memory + a.raw(); }
inline void* direct_map(Mfn f) { return direct_map(address_of(f)); }
inline Paddr direct_map_paddr(const void* p) { return Paddr{static_cast<u64>(static_cast<const u8*>(p) - physical_memory)}; }
inline Mfn direct_map_mfn(const void* p) { return frame_of(direct_map_paddr(p)); }

}  // namespace xen::arch
