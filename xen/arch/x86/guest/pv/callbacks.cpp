// SPDX-License-Identifier: MIT
// Where a PV kernel is entered: the trap table, the callbacks (public/callback.h, nmi.h), its stack.
#include <public/callback.h>
#include <public/nmi.h>
#include <asm/pv.hpp>
#include <xen/arch_vcpu.hpp>
#include <xen/hypercall.hpp>
#include <xen/sched.hpp>
#include <xen/softirq.hpp>

#include "arch/x86/guest/pv/bounce.hpp"
#include "arch/x86/guest/pv/frame.hpp"

namespace xen::pv {
namespace {

Status set_nmi_handler(Vcpu& v, u64 address) {
    if (!canonical(address)) return Errno::inval;
    v.arch.traps[kNmi] = {address, arch::kGuestCs64, 0, true};
    // NMIs of the machine go to the hardware domain's first vCPU; one may have come before the handler.
    if (v.id.raw() == 0 && v.domain->is_hardware && shared_load(v.domain->shared->arch.nmi_reason))
        arch::raise_nmi(v);
    return {};
}

void drop_nmi_handler(Vcpu& v) { v.arch.traps[kNmi] = {}; }

Status register_callback(const callback_register& c) {
    if (!canonical(c.address)) return Errno::inval;
    Vcpu& v = current();
    arch::Callback value{c.address, (c.flags & CALLBACKF_mask_events) != 0};
    switch (c.type) {
    case CALLBACKTYPE_event: v.arch.event_callback = value; return {};
    case CALLBACKTYPE_failsafe: v.arch.failsafe_callback = value; return {};
    case CALLBACKTYPE_syscall: v.arch.syscall_callback = value; return {};
    case CALLBACKTYPE_syscall32: v.arch.syscall32_callback = value; return {};
    case CALLBACKTYPE_sysenter: v.arch.sysenter_callback = value; return {};
    case CALLBACKTYPE_nmi: return set_nmi_handler(v, c.address);
    default: return Errno::nosys;
    }
}

Status unregister_callback(const callback_unregister& c) {
    switch (c.type) {
    case CALLBACKTYPE_event:
    case CALLBACKTYPE_failsafe:
    case CALLBACKTYPE_syscall:
    case CALLBACKTYPE_syscall32:
    case CALLBACKTYPE_sysenter: return Errno::inval;
    case CALLBACKTYPE_nmi: drop_nmi_handler(current()); return {};
    default: return Errno::nosys;
    }
}

void ask_for(u16 type, u64 address) { (void)register_callback({type, 0, address}).ok(); }

}  // namespace

// Ends at an entry with address 0. No table clears every entry.
Result<s64> set_trap_table(GuestIn<trap_info> traps) {
    Vcpu& v = current();
    if (traps.is_null()) {
        v.arch.traps = {};
        return 0;
    }
    for (u64 i = 0;; ++i) {
        trap_info t = TRY(traps.copy_in(i));
        if (t.address == 0) return 0;
        if (!canonical(t.address)) return Errno::inval;
        v.arch.traps[t.vector] = {t.address, guest_selector(t.cs), static_cast<u8>(TI_GET_DPL(&t)), TI_GET_IF(&t) != 0};
        if (hypercall::preempt_due()) return hypercall::continue_with(traps.raw() + (i + 1) * sizeof(trap_info));
    }
}

Result<s64> stack_switch(u64 ss, u64 sp) {
    Vcpu& v = current();
    v.arch.kernel_ss = guest_selector(ss);
    v.arch.kernel_sp = sp;
    return 0;
}

Result<s64> set_callbacks(u64 event, u64 failsafe_address, u64 syscall) {
    ask_for(CALLBACKTYPE_event, event);
    ask_for(CALLBACKTYPE_failsafe, failsafe_address);
    ask_for(CALLBACKTYPE_syscall, syscall);
    return 0;
}

Result<s64> callback_op(u32 cmd, GuestIn<void> arg) {
    switch (cmd) {
    case CALLBACKOP_register: {
        auto c = TRY(arg.copy_in<callback_register>());
        TRY(register_callback(c));
        return 0;
    }
    case CALLBACKOP_unregister: {
        auto c = TRY(arg.copy_in<callback_unregister>());
        TRY(unregister_callback(c));
        return 0;
    }
    default: return Errno::nosys;
    }
}

Result<s64> nmi_op(u32 cmd, GuestInOut<void> arg) {
    Vcpu& v = current();
    switch (cmd) {
    case XENNMI_register_callback: {
        auto c = TRY(arg.copy_in<xennmi_callback>());
        TRY(set_nmi_handler(v, c.handler_address));
        return 0;
    }
    case XENNMI_unregister_callback: drop_nmi_handler(v); return 0;
    default: return Errno::nosys;
    }
}

}  // namespace xen::pv

namespace xen::arch {

void raise_nmi(Vcpu& v) {
    if (__atomic_exchange_n(&v.arch.nmi_pending, true, __ATOMIC_ACQ_REL)) return;
    softirq::raise_on(softirq::Kind::schedule, sched::processor_of(v));   // so that its exit takes the long way
}

}  // namespace xen::arch
