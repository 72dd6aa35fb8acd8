// SPDX-License-Identifier: MIT
// The event channel calls of the current vCPU, by what a guest has in hand, and the two domains that talk.
#pragma once

#include <public/event_channel.h>

#include "guest.hpp"

namespace xen::sim {

template <class Op>
s64 event_op(u32 cmd, Op& op) {
    return hypercall(__HYPERVISOR_event_channel_op, cmd, address(op));
}

inline s64 alloc_unbound(u16 remote, u32& port, u16 dom = DOMID_SELF) {
    evtchn_alloc_unbound op{dom, remote, 0};
    s64 r = event_op(EVTCHNOP_alloc_unbound, op);
    port = op.port;
    return r;
}
inline s64 bind_interdomain(u16 dom, u32 remote, u32& port) {
    evtchn_bind_interdomain op{dom, remote, 0};
    s64 r = event_op(EVTCHNOP_bind_interdomain, op);
    port = op.local_port;
    return r;
}
inline s64 bind_virq(u32 virq, u32 vcpu, u32& port) {
    evtchn_bind_virq op{virq, vcpu, 0};
    s64 r = event_op(EVTCHNOP_bind_virq, op);
    port = op.port;
    return r;
}
inline s64 bind_ipi(u32 vcpu, u32& port) {
    evtchn_bind_ipi op{vcpu, 0};
    s64 r = event_op(EVTCHNOP_bind_ipi, op);
    port = op.port;
    return r;
}
inline s64 bind_pirq(u32 pirq, u32& port) {
    evtchn_bind_pirq op{pirq, 0, 0};
    s64 r = event_op(EVTCHNOP_bind_pirq, op);
    port = op.port;
    return r;
}
inline s64 bind_vcpu(u32 port, u32 vcpu) {
    evtchn_bind_vcpu op{port, vcpu};
    return event_op(EVTCHNOP_bind_vcpu, op);
}
inline s64 close_port(u32 port) {
    evtchn_close op{port};
    return event_op(EVTCHNOP_close, op);
}
inline s64 send(u32 port) {
    evtchn_send op{port};
    return event_op(EVTCHNOP_send, op);
}
inline s64 unmask(u32 port) {
    evtchn_unmask op{port};
    return event_op(EVTCHNOP_unmask, op);
}
inline s64 set_priority(u32 port, u32 priority) {
    evtchn_set_priority op{port, priority};
    return event_op(EVTCHNOP_set_priority, op);
}
inline s64 reset(u16 dom = DOMID_SELF) {
    evtchn_reset op{dom};
    return event_op(EVTCHNOP_reset, op);
}
inline evtchn_status status_of(u32 port, u16 dom = DOMID_SELF) {
    evtchn_status op{};
    op.dom = dom;
    op.port = port;
    s64 r = event_op(EVTCHNOP_status, op);
    if (r) op.status = static_cast<u32>(r);
    return op;
}

// The domain with all rights. It outlives the tests.
inline Domain& control() {
    static Domain& d = (start(), create_domain({.vcpus = 2, .pages = 4096, .privileged = true}));
    return d;
}

// A privileged and a common domain that the tests talk between.
struct Pair {
    Domain& a = control();
    Domain& b = create_domain({.vcpus = 2, .pages = 4096});
    u16 a_id = a.id.raw(), b_id = b.id.raw();
    Vcpu* outer = arch::current_vcpu();
    ~Pair() {
        run_as(a);
        CHECK(reset() == 0);
        for (auto& word : a.shared->evtchn_mask) word = 0;
        for (auto& word : a.shared->evtchn_pending) word = 0;
        arch::set_current_vcpu(outer);
        destroy_domain(b);
    }
    // Ports a <-> b.
    void connect(u32& at_a, u32& at_b) {
        run_as(a);
        REQUIRE(alloc_unbound(b_id, at_a) == 0);
        run_as(b);
        REQUIRE(bind_interdomain(a_id, at_a, at_b) == 0);
    }
};

}  // namespace xen::sim
