// SPDX-License-Identifier: MIT
// Event channels, of both kinds.
#include <public/event_channel.h>
#include <public/sched.h>

#include "world.hpp"

namespace xen::fuzz {
namespace {

template <class Op>
void event(Caller& c, u32 cmd, Op* op) {
    c.call(__HYPERVISOR_event_channel_op, cmd, c.pointer(op));
}

constexpr Operation kOperations[] = {
    [](Caller& c) {
        auto* op = c.make<evtchn_alloc_unbound>();
        *op = {c.dom(), c.dom(), 0};
        event(c, EVTCHNOP_alloc_unbound, op);
    },
    [](Caller& c) {
        auto* op = c.make<evtchn_bind_interdomain>();
        *op = {c.dom(), c.port(), 0};
        event(c, EVTCHNOP_bind_interdomain, op);
    },
    [](Caller& c) {
        auto* op = c.make<evtchn_bind_virq>();
        *op = {c.in.one_in(8) ? c.in.take<u32>() : c.in.below(26), c.vcpu(), 0};
        event(c, EVTCHNOP_bind_virq, op);
    },
    [](Caller& c) {
        auto* op = c.make<evtchn_bind_pirq>();
        *op = {c.in.one_in(8) ? c.in.take<u32>() : c.in.one_in(2) ? c.in.below(32) : c.in.below(6), c.in.below(3), 0};
        event(c, EVTCHNOP_bind_pirq, op);
    },
    [](Caller& c) {
        auto* op = c.make<evtchn_bind_ipi>();
        op->vcpu = c.vcpu();
        event(c, EVTCHNOP_bind_ipi, op);
    },
    [](Caller& c) {
        auto* op = c.make<evtchn_bind_vcpu>();
        *op = {c.port(), c.vcpu()};
        event(c, EVTCHNOP_bind_vcpu, op);
    },
    [](Caller& c) {
        auto* op = c.make<evtchn_close>();
        op->port = c.port();
        event(c, EVTCHNOP_close, op);
    },
    [](Caller& c) {
        auto* op = c.make<evtchn_send>();
        op->port = c.port();
        event(c, EVTCHNOP_send, op);
    },
    [](Caller& c) {
        auto* op = c.make<evtchn_unmask>();
        op->port = c.port();
        event(c, EVTCHNOP_unmask, op);
    },
    [](Caller& c) {
        auto* op = c.make<evtchn_status>();
        op->dom = c.dom();
        op->port = c.port();
        event(c, EVTCHNOP_status, op);
    },
    [](Caller& c) {
        auto* op = c.make<evtchn_reset>();
        op->dom = c.dom();
        event(c, c.in.one_in(8) ? 14 : EVTCHNOP_reset, op);
    },
    [](Caller& c) {
        auto* op = c.make<evtchn_init_control>();
        op->control_gfn = c.frame();
        op->offset = c.in.one_in(8) ? c.in.take<u32>() : 8 * c.in.below(512);
        op->vcpu = c.vcpu();
        event(c, EVTCHNOP_init_control, op);
    },
    [](Caller& c) {
        auto* op = c.make<evtchn_expand_array>();
        op->array_gfn = c.frame();
        event(c, EVTCHNOP_expand_array, op);
    },
    [](Caller& c) {
        auto* op = c.make<evtchn_set_priority>();
        *op = {c.port(), c.in.below(18)};
        event(c, EVTCHNOP_set_priority, op);
    },
    [](Caller& c) {   // the old form
        auto* op = c.noisy<evtchn_op>();
        op->cmd = c.in.below(12);
        auto* words = reinterpret_cast<u32*>(&op->u);
        words[0] = c.in.one_in(2) ? c.dom() | u32{c.dom()} << 16 : c.port();
        words[1] = c.in.one_in(2) ? c.port() : c.vcpu();
        c.call(__HYPERVISOR_event_channel_op_compat, c.pointer(op));
    },
    [](Caller& c) { event(c, c.in.below(40), c.noisy<u64>(8)); },
    [](Caller& c) {
        unsigned n = c.in.below(8);
        auto* ports = c.make<evtchn_port_t>(n + 1);
        for (unsigned i = 0; i < n; ++i) ports[i] = c.port();
        auto* op = c.make<sched_poll>();
        op->ports.p = c.pointer(ports);
        op->nr_ports = c.in.one_in(16) ? c.in.take<u32>() : n;
        op->timeout = c.number();
        c.call(__HYPERVISOR_sched_op, SCHEDOP_poll, c.pointer(op));
    },
};

}  // namespace

Operations event_operations() { return kOperations; }

}  // namespace xen::fuzz
