// SPDX-License-Identifier: MIT
// Leaf: device registers, one access of exactly the given width each, of a kind that a hypervisor above can emulate (no
// write-back: such an abort has no syndrome). In order among themselves: the mappings are Device-nGnRE.
#pragma once

#include "lib/types.hpp"

namespace xen::arch {

inline u8 mmio_read8(const volatile void* a) { u32 v; asm volatile("ldrb %w0, [%1]" : "=r"(v) : "r"(a) : "memory"); return static_cast<u8>(v); }
inline u16 mmio_read16(const volatile void* a) { u32 v; asm volatile("ldrh %w0, [%1]" : "=r"(v) : "r"(a) : "memory"); return static_cast<u16>(v); }
inline u32 mmio_read32(const volatile void* a) { u32 v; asm volatile("ldr %w0, [%1]" : "=r"(v) : "r"(a) : "memory"); return v; }
inline u64 mmio_read64(const volatile void* a) { u64 v; asm volatile("ldr %0, [%1]" : "=r"(v) : "r"(a) : "memory"); return v; }
inline void mmio_write8(volatile void* a, u8 v) { asm volatile("strb %w0, [%1]" ::"r"(v), "r"(a) : "memory"); }
inline void mmio_write16(volatile void* a, u16 v) { asm volatile("strh %w0, [%1]" ::"r"(v), "r"(a) : "memory"); }
inline void mmio_write32(volatile void* a, u32 v) { asm volatile("str %w0, [%1]" ::"r"(v), "r"(a) : "memory"); }
inline void mmio_write64(volatile void* a, u64 v) { asm volatile("str %0, [%1]" ::"r"(v), "r"(a) : "memory"); }

}  // namespace xen::arch
