// SPDX-License-Identifier: MIT
// What a guest does about its vCPUs and its own entry points: vcpu_op, sched_op, timers, traps, callbacks, and the small calls.
#include <asm/regs.hpp>
#include <public/callback.h>
#include <public/nmi.h>
#include <public/sched.h>
#include <public/vcpu.h>
#include <public/version.h>
#include <xen/time.hpp>

#include "world.hpp"

namespace xen::fuzz {
namespace {

u64 moment(Caller& c) {
    switch (c.in.below(4)) {
    case 0: return c.number();
    case 1: return 0;
    default: return static_cast<u64>(time::now().raw()) + c.in.take<u16>() * 10'000;
    }
}

// A context as a kernel would give it, with some of it wrong.
vcpu_guest_context* context(Caller& c) {
    auto* x = c.noisy<vcpu_guest_context>();
    x->flags = c.in.one_in(4) ? c.in.take<u32>() : 0x4 | c.in.below(32);
    x->user_regs.cs = static_cast<u16>(c.in.one_in(4) ? c.in.take<u16>() : arch::kGuestCs64);
    x->user_regs.ss = arch::kGuestSs;
    x->user_regs.rip = c.va();
    x->user_regs.rsp = c.va();
    x->ctrlreg[3] = (c.in.one_in(8) ? c.in.take<u64>() : c.frame() << kPageShift);
    x->ctrlreg[1] = c.in.one_in(4) ? c.frame() << kPageShift : 0;
    if (c.in.one_in(2)) x->gdt_ents = c.in.below(1100);
    for (auto& f : x->gdt_frames) f = c.in.one_in(4) ? c.frame() : 0;
    if (c.in.below(2)) x->ldt_ents = 0;
    return x;
}

void vcpu(Caller& c, u32 cmd, const void* arg) { c.call(__HYPERVISOR_vcpu_op, cmd, c.vcpu(), c.pointer(arg)); }

template <class Op>
Op* area(Caller& c) {
    auto* op = c.make<Op>();
    op->addr.p = c.in.one_in(2) ? c.va() : reinterpret_cast<u64>(c.pointer(c.make<u8>(128)));
    return op;
}

constexpr Operation kOperations[] = {
    [](Caller& c) { vcpu(c, VCPUOP_initialise, context(c)); },
    [](Caller& c) {
        constexpr u32 kPlain[] = {VCPUOP_up, VCPUOP_down, VCPUOP_is_up, VCPUOP_stop_periodic_timer, VCPUOP_stop_singleshot_timer,
                                  VCPUOP_send_nmi, 40};
        c.call(__HYPERVISOR_vcpu_op, c.in.of(kPlain), c.vcpu(), c.in.one_in(16) ? c.va() : 0);
    },
    [](Caller& c) { vcpu(c, VCPUOP_get_runstate_info, c.make<vcpu_runstate_info>()); },
    [](Caller& c) { vcpu(c, VCPUOP_get_physid, c.make<vcpu_get_physid>()); },
    [](Caller& c) { vcpu(c, VCPUOP_register_runstate_memory_area, area<vcpu_register_runstate_memory_area>(c)); },
    [](Caller& c) { vcpu(c, VCPUOP_register_vcpu_time_memory_area, area<vcpu_register_time_memory_area>(c)); },
    [](Caller& c) {
        auto* op = c.make<vcpu_set_periodic_timer>();
        op->period_ns = c.in.below(2) ? c.number() : 1'000'000 + c.in.take<u32>();
        vcpu(c, VCPUOP_set_periodic_timer, op);
    },
    [](Caller& c) {
        auto* op = c.make<vcpu_set_singleshot_timer>();
        *op = {moment(c), c.in.below(3)};
        vcpu(c, VCPUOP_set_singleshot_timer, op);
    },
    [](Caller& c) {
        auto* op = c.make<vcpu_register_vcpu_info>();
        *op = {c.frame(), c.in.one_in(8) ? c.in.take<u32>() : 64 * c.in.below(64), 0};
        vcpu(c, VCPUOP_register_vcpu_info, op);
    },
    [](Caller& c) { c.call(__HYPERVISOR_set_timer_op, moment(c)); },
    [](Caller& c) { c.call(__HYPERVISOR_sched_op, c.in.below(2) ? SCHEDOP_yield : SCHEDOP_block, 0); },
    [](Caller& c) {
        if (!c.in.one_in(8)) return;
        auto* op = c.make<sched_shutdown>();
        op->reason = c.in.below(8);
        c.call(__HYPERVISOR_sched_op, c.in.below(2) ? SCHEDOP_shutdown : SCHEDOP_shutdown_code, c.pointer(op));
    },
    [](Caller& c) {
        auto* op = c.make<sched_remote_shutdown>();
        *op = {c.dom(), c.in.below(8)};
        c.call(__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, c.pointer(op));
    },
    [](Caller& c) {
        auto* op = c.make<sched_watchdog>();
        *op = {c.in.below(4), c.in.one_in(4) ? c.in.take<u32>() : c.in.below(3)};
        c.call(__HYPERVISOR_sched_op, SCHEDOP_watchdog, c.pointer(op));
    },
    [](Caller& c) {
        auto* op = c.make<sched_pin_override>();
        op->pcpu = static_cast<s32>(c.in.one_in(4) ? ~0u : c.cpu());
        c.call(__HYPERVISOR_sched_op, SCHEDOP_pin_override, c.pointer(op));
    },
    [](Caller& c) { c.call(__HYPERVISOR_sched_op_compat, c.in.below(4), c.in.one_in(8) ? c.in.below(8) : 0); },
    [](Caller& c) {
        unsigned n = c.in.one_in(4) ? c.in.below(256) : c.in.below(8);
        auto* traps = c.make<trap_info>(n + 1);
        for (unsigned i = 0; i < n; ++i)
            traps[i] = {c.in.take<u8>(), static_cast<u8>(c.in.below(8)), static_cast<u16>(c.in.one_in(8) ? c.in.take<u16>() : 0xe033),
                        c.va() | 1};
        c.call(__HYPERVISOR_set_trap_table, c.in.one_in(8) ? nullptr : c.pointer(traps));
    },
    [](Caller& c) { c.call(__HYPERVISOR_stack_switch, c.in.one_in(4) ? c.in.take<u16>() : 0xe02b, c.va()); },
    [](Caller& c) { c.call(__HYPERVISOR_set_callbacks, c.va(), c.va(), c.va()); },
    [](Caller& c) { c.call(__HYPERVISOR_fpu_taskswitch, c.in.below(3)); },
    [](Caller& c) { c.call(__HYPERVISOR_set_debugreg, c.in.below(10), c.in.one_in(2) ? c.number() : c.va()); },
    [](Caller& c) { c.call(__HYPERVISOR_get_debugreg, c.in.below(10)); },
    [](Caller& c) { c.call(__HYPERVISOR_set_segment_base, c.in.below(6), c.in.one_in(2) ? c.in.take<u64>() : c.va()); },
    [](Caller& c) {
        auto* op = c.make<callback_register>();
        op->type = static_cast<u16>(c.in.below(9));
        op->flags = static_cast<u16>(c.in.below(4));
        op->address = c.in.one_in(4) ? c.in.take<u64>() : c.va();
        c.call(__HYPERVISOR_callback_op, c.in.below(3), c.pointer(op));
    },
    [](Caller& c) {
        auto* op = c.make<xennmi_callback>();
        op->handler_address = c.va();
        c.call(__HYPERVISOR_nmi_op, c.in.below(3), c.pointer(op));
    },
    [](Caller& c) { c.call(__HYPERVISOR_vm_assist, c.in.below(3), c.in.one_in(8) ? c.in.take<u32>() : c.in.below(40)); },
    [](Caller& c) {
        auto* out = c.noisy<u32>(300);
        c.call(__HYPERVISOR_xen_version, c.in.below(12), c.in.one_in(8) ? nullptr : c.pointer(out));
    },
    [](Caller& c) {   // user mode's iret, from the stack
        auto* f = c.make<iret_context>();
        f->rip = c.va(), f->rsp = c.va(), f->rflags = c.in.take<u32>();
        f->cs = c.in.one_in(2) ? 0xe033 : c.in.take<u16>();
        f->ss = 0xe02b;
        f->flags = c.in.one_in(4) ? c.in.take<u64>() : 0;
        c.v.arch.regs.rsp = reinterpret_cast<u64>(c.pointer(f));
        c.call(__HYPERVISOR_iret);
    },
    [](Caller& c) { c.call(c.in.below(70), c.number(), c.pointer(c.noisy<u64>(8)), c.number(), c.number()); },
};

}  // namespace

Operations vcpu_operations() { return kOperations; }

}  // namespace xen::fuzz
