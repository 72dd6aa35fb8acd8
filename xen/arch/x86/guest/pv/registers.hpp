// SPDX-License-Identifier: MIT
// A PV vCPU's debug registers, segment bases and control registers. Of the current vCPU, or of one that is paused.
#pragma once

#include <xen/domain.hpp>

namespace xen::pv {

inline constexpr u64 kDr7Active = 0xff;
inline constexpr unsigned kIoBreakpoints = 5;   // where ArchVcpu::dr keeps DR7's enable bits for ports

inline constexpr u64 kCr4Tsd = 1 << 2, kCr4De = 1 << 3, kCr4Pge = 1 << 7, kCr4FsGsBase = 1 << 16, kCr4OsXsave = 1 << 18;

// The errno of HYPERVISOR_set_debugreg: perm for hypervisor addresses and general detect, nodev for no such register.
Status set_debug_register(Vcpu& v, unsigned n, u64 value);
Result<u64> debug_register(const Vcpu& v, unsigned n);
void reset_debug_registers(Vcpu& v);

Status write_segment_base(Vcpu& v, unsigned which, u64 base);   // SEGBASE_FS, _GS_USER, _GS_KERNEL

// A guest's CR4: the hypervisor's, with the bits that a guest may choose. CR0: only TS is its own.
u64 guest_cr4(u64 wanted);
u64 guest_cr0(const Vcpu& v);
void apply_cr4(Vcpu& v);                        // the processor's CR4 for the current vCPU

// MSRs whose value belongs to the running vCPU: written if this CPU does not hold it yet.
void load_tsc_aux(u64 value);
Status load_spec_ctrl(u64 value);

}  // namespace xen::pv
