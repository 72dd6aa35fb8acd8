// SPDX-License-Identifier: MIT
// Leaf: segment bases and selectors of the running guest, which stay in the processor while the hypervisor works. The
// active GS base belongs to the guest's mode, the shadow one to its other mode.
#pragma once

#include <asm/cpu.hpp>
#include <asm/features.hpp>

namespace xen::arch {

inline constexpr u32 kMsrFsBase = 0xc0000100, kMsrGsBase = 0xc0000101, kMsrShadowGsBase = 0xc0000102;

inline u64 read_fs_base() {
    if (!features.fsgsbase) return rdmsr(kMsrFsBase);
    u64 v;
    asm volatile("rdfsbase %0" : "=r"(v));
    return v;
}
inline u64 read_gs_base() {
    if (!features.fsgsbase) return rdmsr(kMsrGsBase);
    u64 v;
    asm volatile("rdgsbase %0" : "=r"(v));
    return v;
}
inline void write_fs_base(u64 v) {
    if (features.fsgsbase) asm volatile("wrfsbase %0" ::"r"(v));
    else wrmsr(kMsrFsBase, v);
}
inline void write_gs_base(u64 v) {
    if (features.fsgsbase) asm volatile("wrgsbase %0" ::"r"(v));
    else wrmsr(kMsrGsBase, v);
}
inline u64 read_shadow_gs_base() { return rdmsr(kMsrShadowGsBase); }
inline void write_shadow_gs_base(u64 v) { wrmsr(kMsrShadowGsBase, v); }

// Exchanges the active and the shadow GS base.
inline void swap_gs() { asm volatile("swapgs" ::: "memory"); }
// Loads the GS of the guest's other mode from a selector, 0 when that faults. Interrupts may be on.
void load_shadow_gs(u16 selector);

struct Selectors {
    u16 ds, es, fs, gs;
};
inline Selectors read_selectors() {
    u32 ds, es, fs, gs;
    asm volatile("mov %%ds, %0; mov %%es, %1; mov %%fs, %2; mov %%gs, %3" : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
    return {static_cast<u16>(ds), static_cast<u16>(es), static_cast<u16>(fs), static_cast<u16>(gs)};
}

}  // namespace xen::arch
