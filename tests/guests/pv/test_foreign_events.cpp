// SPDX-License-Identifier: MIT
// The event channels of another domain, set up by the one that made it.
#include "control.hpp"
#include "event.hpp"
#include "test.hpp"
#include <public/sched.h>

namespace {

domid_t guest;

void channels() {
    evtchn_alloc_unbound a = {guest, DOMID_SELF, 0};
    result("event.alloc", event_op(EVTCHNOP_alloc_unbound, &a));
    value("event.alloc.port", a.port);
    evtchn_status s = {};
    s.dom = guest;
    s.port = a.port;
    result("event.status", event_op(EVTCHNOP_status, &s));
    value("event.status.status", s.status);
    value("event.status.domain", s.u.unbound.dom);
    evtchn_bind_interdomain b = {guest, a.port, 0};
    result("event.bind", event_op(EVTCHNOP_bind_interdomain, &b));
    const u32 local = b.local_port;
    result("event.bind.again", event_op(EVTCHNOP_bind_interdomain, &b));
    result("event.send", send_port(local));
    s = {};
    s.dom = guest;
    s.port = a.port;
    event_op(EVTCHNOP_status, &s);
    value("event.bound.status", s.status);
    value("event.bound.peer", s.u.interdomain.dom);
    evtchn_bind_vcpu v = {local, 1};
    result("event.bind_vcpu", event_op(EVTCHNOP_bind_vcpu, &v));
    result("event.close", close_port(local));
    s.port = a.port;
    event_op(EVTCHNOP_status, &s);
    value("event.closed.status", s.status);
    evtchn_alloc_unbound other = {guest, 1, 0};
    result("event.alloc.for_absent", event_op(EVTCHNOP_alloc_unbound, &other));
    b = {guest, other.port, 0};
    result("event.bind.not_for_us", event_op(EVTCHNOP_bind_interdomain, &b));
    evtchn_alloc_unbound own = {guest, guest, 0};
    result("event.alloc.for_itself", event_op(EVTCHNOP_alloc_unbound, &own));
    for (u32 port : {0u, 1000u, 1023u, 1024u, 5000u}) {
        s = {};
        s.dom = guest;
        s.port = port;
        result(join("event.status.", port), event_op(EVTCHNOP_status, &s));
        b = {guest, port, 0};
        result(join("event.bind.", port), event_op(EVTCHNOP_bind_interdomain, &b));
    }
    evtchn_reset reset = {guest};
    result("event.reset", event_op(EVTCHNOP_reset, &reset));
    s.port = a.port;
    result("event.reset.status", event_op(EVTCHNOP_status, &s));
    value("event.reset.status.status", s.status);
}

void handlers() {
    for (u32 virq : {0u, 2u, 3u, 4u, 5u, 7u, 16u, 23u, 24u, ~0u}) {
        make_dom(XEN_DOMCTL_set_virq_handler, guest).u.set_virq_handler.virq = virq;
        result(join("virq_handler.", virq), call_dom());
    }
    make_dom(XEN_DOMCTL_set_virq_handler, 0).u.set_virq_handler.virq = 3;
    result("virq_handler.back", call_dom());
    make_dom(XEN_DOMCTL_set_virq_handler, 0).u.set_virq_handler.virq = 4;
    call_dom();
    make_dom(XEN_DOMCTL_set_virq_handler, 0).u.set_virq_handler.virq = 5;
    call_dom();
}

} // namespace

void test_foreign_events(domid_t domain) {
    guest = domain;
    channels();
    handlers();
}
