// SPDX-License-Identifier: MIT
// What the entry code calls, and who implements it. In every function that takes a Vcpu& its registers are in
// v.arch.regs, and the function runs in the outermost frame of this CPU's stack: when it returns, softirqs are run,
// a due event is delivered, and the (then) current vCPU goes on with what its registers say.
//
// regs.entry_vector: the exception vector; kEntrySyscall when the guest may be left by SYSRET, which loses RCX and R11.
// Whoever changes RIP, CS or RFLAGS of a vCPU keeps kEntrySyscall only with CS = kGuestCs64 and RCX, R11 of no
// importance (after a bounce that saved them, or HYPERVISOR_iret with VGCF_in_syscall), else sets entry_vector to 0.
// During hypercalls and 64-bit system calls rbx, rbp and r12 to r15 in regs are stale: they are written when the call is
// over, unless the vCPU goes on at once.
// RFLAGS put there must have IF set, IOPL, NT and VM clear; CS and SS get privilege level 3 at the exit.
#pragma once

#include <asm/regs.hpp>

#include "lib/index.hpp"

namespace xen {
struct Vcpu;
}

extern "C" {

// Guest side, implemented by arch/x86/guest/pv. Interrupts on unless noted.
void pv_exception(xen::Vcpu& v, xen::u64 cr2);   // any exception or INT n of guest code; cr2 means something for #PF only
void pv_bounce_syscall(xen::Vcpu& v);            // SYSCALL from guest user mode, 64-bit
void pv_bounce_syscall32(xen::Vcpu& v);          // SYSCALL from compatibility mode
void pv_bounce_sysenter(xen::Vcpu& v);           // SYSENTER: RIP and RSP of the guest are unknown (0)
void pv_deliver_event(xen::Vcpu& v);             // upcall_due(v): build the event bounce. Interrupts off
// A segment register could not be loaded at a context switch: it was set to 0; failsafe callback. Interrupts off.
void pv_segment_fault(xen::Vcpu& v);
// The vCPU gets this CPU at a context switch: MSRs and control-register bits that are its own. Interrupts off.
void pv_load_registers(xen::Vcpu& v);
// #PF of the hypervisor itself in the per-domain slot: true when the page is now mapped (LDT pages on demand).
bool pv_descriptor_fault(xen::Vcpu& v, xen::u64 address);
// Slow path of the exit, interrupts off, after softirqs: NMIs and whatever else is owed before the vCPU goes on.
void pv_before_entry(xen::Vcpu& v);

// Leaves the outermost frame: never returns, forgets the stack. For the end of boot and a CPU's first schedule.
[[noreturn]] void enter_current();

}  // extern "C"
