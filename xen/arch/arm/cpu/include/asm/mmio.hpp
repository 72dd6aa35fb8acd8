// SPDX-License-Identifier: MIT
// Leaf: device registers, one access of exactly the given width each, of a kind that a hypervisor above can emulate (no
// write-back: such an abort has no syndrome). In order among themselves: the mappings are Device-nGnRE.
#pragma once

#include <asm/errata.hpp>

#include "lib/types.hpp"

namespace xen::arch {

// A load of `width` ("w" or "") by the instruction LD<A>R<size>, the acquiring one where the processor needs it.
#define XEN_MMIO_READ(bits, size, width)                                                                       \
    [[gnu::always_inline]] inline u##bits mmio_read##bits(const volatile void* a) {                            \
        u64 v;                                                                                                 \
        if (errata::active<errata::Workaround::acquire_devices>())                                             \
            asm volatile("ldar" size " %" width "0, [%1]" : "=r"(v) : "r"(a) : "memory");                      \
        else asm volatile("ldr" size " %" width "0, [%1]" : "=r"(v) : "r"(a) : "memory");                      \
        return static_cast<u##bits>(v);                                                                        \
    }
XEN_MMIO_READ(8, "b", "w")
XEN_MMIO_READ(16, "h", "w")
XEN_MMIO_READ(32, "", "w")
XEN_MMIO_READ(64, "", "x")
#undef XEN_MMIO_READ
inline void mmio_write8(volatile void* a, u8 v) { asm volatile("strb %w0, [%1]" ::"r"(v), "r"(a) : "memory"); }
inline void mmio_write16(volatile void* a, u16 v) { asm volatile("strh %w0, [%1]" ::"r"(v), "r"(a) : "memory"); }
inline void mmio_write32(volatile void* a, u32 v) { asm volatile("str %w0, [%1]" ::"r"(v), "r"(a) : "memory"); }
inline void mmio_write64(volatile void* a, u64 v) { asm volatile("str %0, [%1]" ::"r"(v), "r"(a) : "memory"); }

}  // namespace xen::arch
