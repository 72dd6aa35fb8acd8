// SPDX-License-Identifier: MIT
// Simulated leaf: segment bases are MSRs of the simulated CPU, selectors have no effect.
#pragma once

#include <asm/cpu.hpp>

namespace xen::arch {

inline constexpr u32 kMsrFsBase = 0xc0000100, kMsrGsBase = 0xc0000101, kMsrShadowGsBase = 0xc0000102;

inline u64 read_fs_base() { return rdmsr(kMsrFsBase); }
inline u64 read_gs_base() { return rdmsr(kMsrGsBase); }
inline void write_fs_base(u64 v) { wrmsr(kMsrFsBase, v); }
inline void write_gs_base(u64 v) { wrmsr(kMsrGsBase, v); }
inline u64 read_shadow_gs_base() { return rdmsr(kMsrShadowGsBase); }
inline void write_shadow_gs_base(u64 v) { wrmsr(kMsrShadowGsBase, v); }
inline void load_shadow_gs(u16) { write_shadow_gs_base(0); }

struct Selectors {
    u16 ds, es, fs, gs;
};
inline Selectors read_selectors() { return {}; }

}  // namespace xen::arch
