// SPDX-License-Identifier: MIT
// What only x86 PV guests have: trap tables, bounces into the guest, emulation of privileged instructions, and the
// hypercalls around them (arch/x86/guest/pv).
#pragma once

#include <public/vcpu.h>
#include <xen/domain.hpp>
#include <xen/guest_access.hpp>

namespace xen::pv {

// Hypercalls.
Result<s64> set_trap_table(GuestIn<trap_info> traps);
Result<s64> stack_switch(u64 ss, u64 sp);
Result<s64> set_callbacks(u64 event, u64 failsafe, u64 syscall);
Result<s64> fpu_taskswitch(u32 set);
Result<s64> set_debugreg(u32 reg, u64 value);
Result<s64> get_debugreg(u32 reg);
Result<s64> iret();
Result<s64> iret_in_multicall();   // Errno::restart: the batch ends, its first argument is the guest's rax
Result<s64> set_segment_base(u32 which, u64 base);
Result<s64> nmi_op(u32 cmd, GuestInOut<void> arg);
Result<s64> callback_op(u32 cmd, GuestIn<void> arg);

// A vCPU's registers and tables from the ABI's context (VCPUOP_initialise, domctl setvcpucontext, dom0 builder), and back.
Status set_context(Vcpu& v, const vcpu_guest_context& c);
void get_context(Vcpu& v, vcpu_guest_context& c);
Status init_vcpu(Vcpu& v);           // defaults of a new vCPU: FPU area, MSRs, control registers
void destroy_vcpu(Vcpu& v);
Status init_domain(Domain& d);       // CPUID and MSR policy
void destroy_domain(Domain& d);

// Switches between the guest's kernel and user mode (GS base, page tables).
void toggle_mode(Vcpu& v);

}  // namespace xen::pv
