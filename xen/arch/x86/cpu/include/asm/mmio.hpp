// SPDX-License-Identifier: MIT
// Leaf: device registers in memory, one access of exactly the given width each, not reordered by the compiler.
#pragma once

#include "lib/types.hpp"

namespace xen::arch {

inline u8 mmio_read8(const volatile void* a) { return *static_cast<const volatile u8*>(a); }
inline u16 mmio_read16(const volatile void* a) { return *static_cast<const volatile u16*>(a); }
inline u32 mmio_read32(const volatile void* a) { return *static_cast<const volatile u32*>(a); }
inline u64 mmio_read64(const volatile void* a) { return *static_cast<const volatile u64*>(a); }
inline void mmio_write8(volatile void* a, u8 v) { *static_cast<volatile u8*>(a) = v; }
inline void mmio_write16(volatile void* a, u16 v) { *static_cast<volatile u16*>(a) = v; }
inline void mmio_write32(volatile void* a, u32 v) { *static_cast<volatile u32*>(a) = v; }
inline void mmio_write64(volatile void* a, u64 v) { *static_cast<volatile u64*>(a) = v; }

}  // namespace xen::arch
