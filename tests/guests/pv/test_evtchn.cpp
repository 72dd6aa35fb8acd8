// SPDX-License-Identifier: MIT
// event_channel_op with the 2-level bitmaps: every operation, delivery, masks and errors.
#include "event.hpp"
#include "test.hpp"

namespace {

u32 port_of(long v) { return static_cast<u32>(v); }

void show(const char* name, u32 port) {
    const evtchn_status s = status_of(port);
    value(join(name, ".status"), s.status);
    value(join(name, ".vcpu"), s.vcpu);
}

void interdomain() {
    const long first = alloc_self();
    succeeded("alloc_unbound", first);
    show("unbound", port_of(first));
    value("unbound.domain", status_of(port_of(first)).u.unbound.dom);
    result("send.unbound", send_port(port_of(first)));
    const long second = bind_self(port_of(first));
    succeeded("bind_interdomain", second);
    show("interdomain", port_of(first));
    show("interdomain.other", port_of(second));
    check("interdomain.peer", status_of(port_of(first)).u.interdomain.port == port_of(second));
    value("interdomain.peer_domain", status_of(port_of(first)).u.interdomain.dom);
    result("bind_interdomain.taken", bind_self(port_of(first)));
    clear_pending(port_of(first));
    clear_pending(port_of(second)); // the binding side starts pending
    result("send", send_port(port_of(first)));
    check("send.arrives_at_peer", is_pending(port_of(second)) && !is_pending(port_of(first)));
    value("send.upcalls", upcalls_while_open());
    clear_pending(port_of(second));
    result("close", close_port(port_of(first)));
    show("closed", port_of(first));
    show("peer_of_closed", port_of(second));
    result("send.peer_closed", send_port(port_of(second)));
    result("close.peer", close_port(port_of(second)));
    result("close.twice", close_port(port_of(second)));
}

void loopback_pending() {
    const u32 first = port_of(alloc_self());
    clear_pending(first);
    const u32 second = port_of(bind_self(first));
    check("bind_interdomain.makes_pending", is_pending(second));
    clear_pending(second);
    close_port(second);
    value("after_peer_close.status", status_of(first).status);
    close_port(first);
}

void masks() {
    const u32 first = port_of(alloc_self());
    const u32 second = port_of(bind_self(first));
    clear_pending(second);
    upcalls_while_open();
    set_mask(second, true);
    send_port(first);
    check("mask.pending", is_pending(second));
    value("mask.upcalls", upcalls_while_open());
    evtchn_unmask unmask = {second};
    result("unmask", event_op(EVTCHNOP_unmask, &unmask));
    value("unmask.upcalls", upcalls_while_open());
    value("unmask.mask_bit", shared->evtchn_mask[second / 64] >> second % 64 & 1);
    result("unmask.again", event_op(EVTCHNOP_unmask, &unmask));
    value("unmask.again.upcalls", upcalls_while_open());
    clear_pending(second);
    send_port(first);
    send_port(first);
    value("twice.upcalls", upcalls_while_open());
    send_port(first);
    value("still_pending.upcalls", upcalls_while_open());
    clear_pending(second);
    close_port(first);
    close_port(second);
}

void ipis() {
    const long port = bind_ipi();
    succeeded("bind_ipi", port);
    show("ipi", port_of(port));
    clear_pending(port_of(port));
    result("ipi.send", send_port(port_of(port)));
    check("ipi.pending", is_pending(port_of(port)));
    value("ipi.upcalls", upcalls_while_open());
    clear_pending(port_of(port));
    evtchn_bind_vcpu move = {port_of(port), 1};
    result("ipi.bind_vcpu", event_op(EVTCHNOP_bind_vcpu, &move));
    result("ipi.close", close_port(port_of(port)));
    result("bind_ipi.vcpu_1", bind_ipi(1) > 0);
    result("bind_ipi.vcpu_2", bind_ipi(2));
    result("bind_ipi.vcpu_minus1", bind_ipi(~0u));
}

void virqs() {
    const long timer = bind_virq(VIRQ_TIMER);
    succeeded("virq.timer", timer);
    show("virq.timer", port_of(timer));
    value("virq.timer.number", status_of(port_of(timer)).u.virq);
    result("virq.timer.twice", bind_virq(VIRQ_TIMER));
    const long other = bind_virq(VIRQ_TIMER, 1);
    succeeded("virq.timer.vcpu_1", other);
    evtchn_bind_vcpu move = {port_of(timer), 1};
    result("virq.timer.bind_vcpu", event_op(EVTCHNOP_bind_vcpu, &move));
    result("virq.timer.send", send_port(port_of(timer)));
    result("virq.timer.close", close_port(port_of(timer)));
    close_port(port_of(other));
    // Which are bound for the whole domain, and who may have them.
    for (u32 virq = 1; virq < 25; ++virq) {
        const long port = bind_virq(virq);
        succeeded(join("virq.", virq), port);
        const long second = bind_virq(virq, 1);
        succeeded(join("virq.", virq, ".vcpu_1"), second);
        if (port > 0) {
            move = {port_of(port), 1};
            result(join("virq.", virq, ".bind_vcpu"), event_op(EVTCHNOP_bind_vcpu, &move));
            clear_pending(port_of(port));
            close_port(port_of(port));
        }
        if (second > 0) close_port(port_of(second));
    }
    result("virq.minus1", bind_virq(~0u));
    result("virq.vcpu_2", bind_virq(VIRQ_TIMER, 2));
    result("virq.vcpu_minus1", bind_virq(VIRQ_TIMER, ~0u));
}

void bind_vcpu() {
    const u32 port = port_of(alloc_self());
    evtchn_bind_vcpu move = {port, 1};
    result("bind_vcpu.unbound", event_op(EVTCHNOP_bind_vcpu, &move));
    value("bind_vcpu.unbound.vcpu", status_of(port).vcpu);
    const u32 second = port_of(bind_self(port));
    move = {port, 0};
    result("bind_vcpu.interdomain", event_op(EVTCHNOP_bind_vcpu, &move));
    move = {port, 2};
    result("bind_vcpu.absent", event_op(EVTCHNOP_bind_vcpu, &move));
    move = {port, ~0u};
    result("bind_vcpu.minus1", event_op(EVTCHNOP_bind_vcpu, &move));
    move = {0, 0};
    result("bind_vcpu.port_0", event_op(EVTCHNOP_bind_vcpu, &move));
    close_port(second);
    close_port(port);
    move = {port, 0};
    result("bind_vcpu.closed", event_op(EVTCHNOP_bind_vcpu, &move));
}

void pirqs() {
    for (u32 pirq : {0u, 1u, 8u, 100u, 207u, 3000u, 5000u, ~0u})
        for (u32 flags : {0u, 1u}) {
            evtchn_bind_pirq op = {pirq, flags, 0};
            const long rc = event_op(EVTCHNOP_bind_pirq, &op);
            result(join("pirq.", pirq, flags ? ".shared" : ""), rc);
            if (rc == 0) close_port(op.port);
        }
}

void wrong_ports() {
    for (u32 port : {0u, 1000u, 4095u, 4096u, 131071u, 131072u, 0x80000000u, ~0u}) {
        result(join("port.", port, ".close"), close_port(port));
        result(join("port.", port, ".send"), send_port(port));
        result(join("port.", port, ".bind"), bind_self(port));
        evtchn_unmask unmask = {port};
        result(join("port.", port, ".unmask"), event_op(EVTCHNOP_unmask, &unmask));
        evtchn_set_priority priority = {port, 1};
        result(join("port.", port, ".priority"), event_op(EVTCHNOP_set_priority, &priority));
        evtchn_status status = {};
        status.dom = DOMID_SELF;
        status.port = port;
        result(join("port.", port, ".status"), event_op(EVTCHNOP_status, &status));
    }
}

void wrong_domains() {
    for (u64 domain : {u64{0}, u64{1}, u64{DOMID_IO}, u64{DOMID_XEN}, u64{DOMID_INVALID}}) {
        const domid_t id = static_cast<domid_t>(domain);
        evtchn_alloc_unbound alloc = {id, DOMID_SELF, 0};
        result(join("alloc.for.", domain), event_op(EVTCHNOP_alloc_unbound, &alloc));
        if (domain == 0) close_port(alloc.port);
        alloc = {DOMID_SELF, id, 0};
        const long rc = event_op(EVTCHNOP_alloc_unbound, &alloc);
        result(join("alloc.remote.", domain), rc);
        if (rc == 0) close_port(alloc.port);
        evtchn_bind_interdomain bind = {id, 1, 0};
        result(join("bind.remote.", domain), event_op(EVTCHNOP_bind_interdomain, &bind));
        evtchn_status status = {};
        status.dom = id;
        status.port = 4000;
        result(join("status.of.", domain), event_op(EVTCHNOP_status, &status));
        if (domain) {
            evtchn_reset reset = {id};
            result(join("reset.of.", domain), event_op(EVTCHNOP_reset, &reset));
        }
    }
}

void wild_arguments() {
    for (u32 command = 0; command < 18; ++command)
        for (const WildPointer& wild : wild_pointers)
            result(join("command.", command, join(".", wild.name)),
                   event_op(command, at<void>(wild.where)));
    result("command.minus1", event_op(~0u, nullptr));
    evtchn_op compat = {};
    compat.cmd = EVTCHNOP_status;
    compat.u.status.dom = DOMID_SELF;
    result("compat.status", hypercall(16 /* event_channel_op_compat */, address(&compat)));
    compat.cmd = 99;
    result("compat.unknown", hypercall(16, address(&compat)));
    result("compat.wild", hypercall(16, kUnmapped));
}

// All ports a 2-level domain can have: allocation ends with the right error and all can be closed.
void exhaust() {
    static u32 ports[4096];
    unsigned n = 0;
    long rc = 0;
    while (n < 4096 && (rc = alloc_self()) > 0) ports[n++] = port_of(rc);
    result("exhaust.error", rc);
    check("exhaust.count", n > 900 && n < 4096);
    bool closed = true;
    for (unsigned i = 0; i < n; ++i) closed = closed && close_port(ports[i]) == 0;
    check("exhaust.closed", closed);
}

void reset() {
    const u32 first = port_of(alloc_self());
    const u32 timer = port_of(bind_virq(VIRQ_TIMER));
    evtchn_reset op = {DOMID_SELF};
    result("reset", event_op(EVTCHNOP_reset, &op));
    value("reset.unbound", status_of(first).status);
    value("reset.virq", status_of(timer).status);
    const long again = bind_virq(VIRQ_TIMER);
    succeeded("reset.virq_again", again);
    close_port(port_of(again));
}

} // namespace

void test_evtchn() {
    interdomain();
    loopback_pending();
    masks();
    ipis();
    virqs();
    bind_vcpu();
    pirqs();
    wrong_ports();
    wrong_domains();
    wild_arguments();
    exhaust();
    reset();
}
