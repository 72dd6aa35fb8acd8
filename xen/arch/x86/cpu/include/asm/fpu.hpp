// SPDX-License-Identifier: MIT
// Leaf: a guest's floating-point and vector state. Saved when its vCPU leaves the CPU, loaded when it comes back (never
// lazily: stale registers of others could be read speculatively). CR0.TS is the guest's own (fpu_taskswitch).
#pragma once

#include "lib/result.hpp"

namespace xen {
struct Vcpu;
}

namespace xen::arch {

// Heap object behind ArchVcpu::fpu; the area has the standard (not compacted) XSAVE format, 64-byte aligned.
struct FpuState {
    u64 xcr0 = 0;          // what the guest set; 0: nothing, and XGETBV gives x87 and SSE
    u64 xcr0_accum = 0;    // all that was ever enabled
    u32 size = 0;          // bytes of the area
    u8* area = nullptr;
};

Status create_fpu(Vcpu& v);
void destroy_fpu(Vcpu& v);
// The reset state: x87 0x37f, MXCSR 0x1f80. The vCPU does not run.
void reset_fpu(Vcpu& v);
// At a context switch, interrupts off.
void save_fpu(Vcpu& v);
void load_fpu(Vcpu& v);
// Of the current vCPU: the area is up to date afterwards.
void sync_fpu(Vcpu& v);
// XSETBV by the current guest. Errno::inval: to be answered with #GP.
Status set_xcr0(Vcpu& v, u64 value);
// fpu_taskswitch and CR0 writes of the current guest.
void set_task_switched(Vcpu& v, bool on);
inline constexpr u64 kCr0Ts = 1 << 3;

}  // namespace xen::arch
