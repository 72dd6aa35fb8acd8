// SPDX-License-Identifier: MIT
// vCPU contexts for the toolstack (struct vcpu_guest_context, public/arch-arm.h). AArch64 only.
#include <asm/trap.hpp>
#include <xen/arch_control.hpp>
#include <xen/arch_vcpu.hpp>
#include <xen/refusal.hpp>
#include <xen/sched.hpp>

namespace xen::arch {
namespace {

Status check(const vcpu_guest_context& c) {
    constexpr u64 kModeMask = 0x1f;
    u64 mode = c.user_regs.cpsr & kModeMask;
    if (mode != PSR_MODE_EL1h && mode != PSR_MODE_EL1t && mode != PSR_MODE_EL0t)
        return refuse(Errno::inval, "cpsr is %#lx: no mode of AArch64 below EL2", c.user_regs.cpsr);
    return {};
}

// x0 to x30 stand in a row in the ABI's structure.
u64* general(vcpu_guest_core_regs& r) { return &r.x0; }

}  // namespace

Status initialise_vcpu(Vcpu& v, const vcpu_guest_context& context) {
    TRY(check(context));
    vcpu_guest_context c = context;
    if (&v != &current()) sync_vcpu(v);
    GuestRegs& r = v.arch.regs;
    for (unsigned i = 0; i < r.x.size(); ++i) r.x[i] = general(c.user_regs)[i];
    r.pc = c.user_regs.pc64;
    r.pstate = c.user_regs.cpsr;
    r.sp = c.user_regs.sp_el0;
    El1State& e = v.arch.el1;
    e.spsr = c.user_regs.spsr_el1;
    e.sp = c.user_regs.sp_el1;
    e.elr = c.user_regs.elr_el1;
    e.sctlr = c.sctlr;
    e.tcr = c.ttbcr;
    e.ttbr0 = c.ttbr0;
    e.ttbr1 = c.ttbr1;
    v.initialised = true;
    sched::set_down(v, !(c.flags & VGCF_online));
    return {};
}

Status set_vcpu_context(Vcpu& v, u64 guest_address) {
    vcpu_guest_context c;
    TRY(guest::copy_in(&c, guest_address, sizeof(c)));
    return initialise_vcpu(v, c);
}

Status get_vcpu_context(Vcpu& v, u64 guest_address) {
    vcpu_guest_context c{};
    sync_vcpu(v);
    const GuestRegs& r = v.arch.regs;
    for (unsigned i = 0; i < r.x.size(); ++i) general(c.user_regs)[i] = r.x[i];
    c.user_regs.pc64 = r.pc;
    c.user_regs.cpsr = r.pstate;
    c.user_regs.sp_el0 = r.sp;
    const El1State& e = v.arch.el1;
    c.user_regs.spsr_el1 = e.spsr;
    c.user_regs.sp_el1 = e.sp;
    c.user_regs.elr_el1 = e.elr;
    c.sctlr = e.sctlr;
    c.ttbcr = e.tcr;
    c.ttbr0 = e.ttbr0;
    c.ttbr1 = e.ttbr1;
    if (!sched::is_down(v)) c.flags |= VGCF_online;
    return guest::copy_out(guest_address, &c, sizeof(c));
}

Status reset_vcpu(Vcpu& v) {
    sync_vcpu(v);
    guest::reset_vcpu(v);
    v.initialised = false;
    sched::set_down(v, true);
    return {};
}

}  // namespace xen::arch
