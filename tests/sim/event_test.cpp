// SPDX-License-Identifier: MIT
// Event channels as guests see them: ports of all kinds, return codes, delivery in the 2-level ABI, death.
#include <catch2/catch.hpp>
#include <xen/event.hpp>
#include <xen/irq.hpp>
#include <xen/softirq.hpp>

#include <algorithm>

#include "event_calls.hpp"

using namespace xen;
using namespace xen::sim;

namespace {

bool pending2(const Domain& d, u32 port) { return d.shared->evtchn_pending[port / 64] >> (port % 64) & 1; }
void set_mask2(Domain& d, u32 port) { d.shared->evtchn_mask[port / 64] |= u64{1} << (port % 64); }
// The guest's handler has seen everything.
void consume2(Domain& d) {
    for (auto& word : d.shared->evtchn_pending) word = 0;
    d.for_each_vcpu([](Vcpu& v) {
        v.info->evtchn_upcall_pending = 0;
        v.info->evtchn_pending_sel = 0;
    });
}

}  // namespace

TEST_CASE("ports are handed out from 1 up, the lowest free first") {
    Pair p;
    run_as(p.a);
    u32 port;
    for (u32 i = 1; i <= 100; ++i) {
        REQUIRE(alloc_unbound(p.b_id, port) == 0);
        REQUIRE(port == i);
    }
    CHECK(close_port(40) == 0);
    CHECK(close_port(7) == 0);
    CHECK(alloc_unbound(p.b_id, port) == 0);
    CHECK(port == 7);
    CHECK(bind_ipi(1, port) == 0);
    CHECK(port == 40);
    CHECK(close_port(40) == 0);
    CHECK(close_port(40) == error(Errno::inval));
}

TEST_CASE("the table ends where the ABI says") {
    Pair p;
    run_as(p.a);
    u32 port;
    for (u32 i = 1; i < 4096; ++i) REQUIRE(bind_ipi(0, port) == 0);
    CHECK(bind_ipi(0, port) == error(Errno::nospc));
    CHECK(alloc_unbound(p.b_id, port) == error(Errno::nospc));
    CHECK(reset() == 0);
    CHECK(bind_ipi(0, port) == 0);
    CHECK(port == 1);
}

TEST_CASE("status tells what a port is, in steps of 64") {
    Pair p;
    run_as(p.b);
    CHECK(status_of(0).status == EVTCHNSTAT_closed);
    CHECK(status_of(63).status == EVTCHNSTAT_closed);
    CHECK(status_of(64).status == static_cast<u32>(error(Errno::inval)));
    u32 at_a, at_b, virq, ipi, unbound;
    p.connect(at_a, at_b);
    run_as(p.a);
    REQUIRE(bind_virq(VIRQ_TIMER, 1, virq) == 0);
    REQUIRE(bind_ipi(1, ipi) == 0);
    REQUIRE(alloc_unbound(DOMID_SELF, unbound) == 0);
    auto s = status_of(at_a);
    CHECK(s.status == EVTCHNSTAT_interdomain);
    CHECK(s.u.interdomain.dom == p.b_id);
    CHECK(s.u.interdomain.port == at_b);
    s = status_of(virq);
    CHECK(s.status == EVTCHNSTAT_virq);
    CHECK(s.u.virq == VIRQ_TIMER);
    CHECK(s.vcpu == 1);
    CHECK(status_of(ipi).status == EVTCHNSTAT_ipi);
    s = status_of(unbound);
    CHECK(s.status == EVTCHNSTAT_unbound);
    CHECK(s.u.unbound.dom == p.a_id);
    // Another domain's ports are for privileged callers.
    CHECK(status_of(at_b, p.b_id).status == EVTCHNSTAT_interdomain);
    run_as(p.b);
    CHECK(status_of(1, p.a_id).status == static_cast<u32>(error(Errno::perm)));
    CHECK(status_of(1, kNobody).status == static_cast<u32>(error(Errno::srch)));
}

TEST_CASE("binding refuses what the ABI refuses") {
    Pair p;
    u32 port, other;
    run_as(p.b);
    CHECK(alloc_unbound(p.b_id, port, p.a_id) == error(Errno::perm));
    CHECK(alloc_unbound(p.b_id, port, kNobody) == error(Errno::srch));
    CHECK(bind_interdomain(kNobody, 1, port) == error(Errno::srch));
    CHECK(bind_interdomain(p.a_id, 1, port) == error(Errno::inval));
    CHECK(bind_interdomain(p.a_id, 100000, port) == error(Errno::inval));
    run_as(p.a);
    REQUIRE(alloc_unbound(0x6000, other) == 0);
    run_as(p.b);
    CHECK(bind_interdomain(p.a_id, other, port) == error(Errno::inval));   // is for another domain
    CHECK(bind_virq(NR_VIRQS, 0, port) == error(Errno::inval));
    CHECK(bind_virq(VIRQ_CONSOLE, 1, port) == error(Errno::inval));
    CHECK(bind_virq(VIRQ_TIMER, 2, port) == error(Errno::noent));
    CHECK(bind_virq(VIRQ_TIMER, 1, port) == 0);
    CHECK(bind_virq(VIRQ_TIMER, 1, other) == error(Errno::exist));
    CHECK(bind_vcpu(port, 0) == error(Errno::inval));
    CHECK(bind_vcpu(port, 9) == error(Errno::noent));
    CHECK(bind_vcpu(5000, 0) == error(Errno::inval));
    CHECK(close_port(port) == 0);
    CHECK(bind_virq(VIRQ_TIMER, 1, port) == 0);
    CHECK(bind_virq(VIRQ_CONSOLE, 0, port) == 0);
    CHECK(bind_vcpu(port, 1) == 0);
    CHECK(bind_ipi(2, port) == error(Errno::noent));
    CHECK(bind_ipi(1, port) == 0);
    CHECK(bind_vcpu(port, 0) == error(Errno::inval));
    // No such line, and no port left behind by the attempt.
    CHECK(bind_pirq(1 << 20, other) == error(Errno::inval));
    CHECK(bind_pirq(std::max(300u, irq::irq_count()), other) == error(Errno::inval));   // behind the last line, if there are any
    u32 next;
    CHECK(bind_virq(VIRQ_DEBUG, 0, next) == 0);
    CHECK(next == port + 1);
    other = next;
    CHECK(send(other) == error(Errno::inval));
    CHECK(send(0) == error(Errno::inval));
    CHECK(send(64) == error(Errno::inval));
    CHECK(unmask(64) == error(Errno::inval));
    CHECK(unmask(60) == 0);
    CHECK(set_priority(other, 3) == error(Errno::nosys));
    evtchn_expand_array expand{5};
    CHECK(event_op(EVTCHNOP_expand_array, expand) == error(Errno::opnotsupp));
    u32 nothing_here = 0;
    CHECK(event_op(99, nothing_here) == error(Errno::nosys));
    CHECK(sim::hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, arch::kXenStart) == error(Errno::fault));
}

TEST_CASE("2-level delivery: selector, mask, unmask, and one upcall at a time") {
    Pair p;
    u32 at_a, at_b;
    p.connect(at_a, at_b);
    CHECK(pending2(p.b, at_b));            // a new connection starts pending
    consume2(p.b);
    run_as(p.a);
    CHECK(send(at_a) == 0);
    CHECK(pending2(p.b, at_b));
    CHECK(p.b.vcpus[0]->info->evtchn_pending_sel == u64{1} << (at_b / 64));
    CHECK(p.b.vcpus[0]->info->evtchn_upcall_pending == 1);
    p.b.vcpus[0]->info->evtchn_upcall_pending = 0;
    CHECK(send(at_a) == 0);                // pending already: no second upcall
    CHECK(p.b.vcpus[0]->info->evtchn_upcall_pending == 0);
    consume2(p.b);
    set_mask2(p.b, at_b);
    CHECK(send(at_a) == 0);
    CHECK(pending2(p.b, at_b));
    CHECK(p.b.vcpus[0]->info->evtchn_upcall_pending == 0);
    run_as(p.b);
    CHECK(bind_vcpu(at_b, 1) == 0);
    CHECK(unmask(at_b) == 0);
    CHECK(p.b.vcpus[0]->info->evtchn_upcall_pending == 0);
    CHECK(p.b.vcpus[1]->info->evtchn_upcall_pending == 1);
    consume2(p.b);
    CHECK(unmask(at_b) == 0);              // was not masked: nothing
    CHECK(p.b.vcpus[1]->info->evtchn_upcall_pending == 0);
}

TEST_CASE("closing one end leaves the other waiting for its old partner") {
    Pair p;
    u32 at_a, at_b, again;
    p.connect(at_a, at_b);
    run_as(p.a);
    CHECK(send(at_a) == 0);
    CHECK(close_port(at_a) == 0);
    run_as(p.b);
    auto s = status_of(at_b);
    CHECK(s.status == EVTCHNSTAT_unbound);
    CHECK(s.u.unbound.dom == p.a_id);
    CHECK(send(at_b) == 0);                // dropped
    run_as(p.a);
    CHECK(bind_interdomain(p.b_id, at_b, again) == 0);
    CHECK(pending2(p.a, again));
    // Loopback.
    u32 mine, loop;
    REQUIRE(alloc_unbound(DOMID_SELF, mine) == 0);
    REQUIRE(bind_interdomain(DOMID_SELF, mine, loop) == 0);
    consume2(p.a);
    CHECK(send(loop) == 0);
    CHECK(pending2(p.a, mine));
    CHECK(close_port(mine) == 0);
    CHECK(status_of(loop).status == EVTCHNSTAT_unbound);
    CHECK(!pending2(p.a, mine));           // closing takes the pending bit away
}

TEST_CASE("virqs reach their port, global ones the vCPU it was moved to") {
    Pair p;
    u32 timer, console, exc;
    run_as(p.a);
    REQUIRE(bind_virq(VIRQ_TIMER, 1, timer) == 0);
    REQUIRE(bind_virq(VIRQ_CONSOLE, 0, console) == 0);
    REQUIRE(bind_vcpu(console, 1) == 0);
    event::send_vcpu_virq(*p.a.vcpus[0], VIRQ_TIMER);
    CHECK(!pending2(p.a, timer));
    event::send_vcpu_virq(*p.a.vcpus[1], VIRQ_TIMER);
    CHECK(pending2(p.a, timer));
    consume2(p.a);
    event::send_host_virq(VIRQ_CONSOLE);   // the first domain's, unless handed on
    CHECK(pending2(p.a, console));
    CHECK(p.a.vcpus[1]->info->evtchn_upcall_pending == 1);
    consume2(p.a);
    CHECK(event::set_virq_handler(p.b, VIRQ_TIMER).error() == Errno::inval);
    CHECK(event::set_virq_handler(p.b, NR_VIRQS).error() == Errno::inval);
    REQUIRE(event::set_virq_handler(p.b, VIRQ_DOM_EXC));
    run_as(p.b);
    REQUIRE(bind_virq(VIRQ_DOM_EXC, 0, exc) == 0);
    event::send_host_virq(VIRQ_DOM_EXC);
    CHECK(pending2(p.b, exc));
    CHECK(!pending2(p.a, exc));
}

TEST_CASE("reset closes all, but for others only while they are paused") {
    Pair p;
    u32 at_a, at_b;
    p.connect(at_a, at_b);
    run_as(p.a);
    p.b.controller_pauses = 0;
    CHECK(reset(p.b_id) == error(Errno::inval));
    p.b.controller_pauses = 1;
    CHECK(reset(p.b_id) == 0);
    CHECK(status_of(at_a).status == EVTCHNSTAT_unbound);
    CHECK(reset(kNobody) == error(Errno::srch));
    run_as(p.b);
    CHECK(reset(p.a_id) == error(Errno::perm));
    // It yields, and goes on where it was.
    u32 port;
    for (u32 i = 0; i < 200; ++i) REQUIRE(bind_ipi(0, port) == 0);
    evtchn_reset op{DOMID_SELF};
    GuestInOut<void> at{sim::address(op)};
    softirq::raise(softirq::Kind::rcu);
    CHECK(abi_value(event::event_channel_op(EVTCHNOP_reset, at)) == error(Errno::restart));
    CHECK(abi_value(event::event_channel_op(EVTCHNOP_reset, at)) == error(Errno::busy));
    CHECK(event_op(EVTCHNOP_reset_cont, op) == 0);
    CHECK(event_op(EVTCHNOP_reset_cont, op) == error(Errno::busy));
    for (u32 i = 0; i < 200; ++i) REQUIRE(bind_ipi(0, port) == 0);
    softirq::raise(softirq::Kind::rcu);
    CHECK(reset() == 0);                   // the guest does not see it yield
    CHECK(status_of(port).status == EVTCHNSTAT_closed);
}

TEST_CASE("the hypervisor's own ports") {
    static u32 called;
    static u32 called_port;
    called = 0;
    Pair p;
    run_as(p.a);
    auto port = event::alloc_unbound_for_xen(p.a, VcpuId{1}, p.b.id, [](Vcpu& v, Port at) {
        called = v.id.raw() + 100;
        called_port = at.raw();
    });
    REQUIRE(port);
    u32 at_b;
    run_as(p.b);
    REQUIRE(bind_interdomain(p.a_id, port.value().raw(), at_b) == 0);
    consume2(p.b);
    CHECK(send(at_b) == 0);
    CHECK(called == 101);
    CHECK(called_port == port.value().raw());
    run_as(p.a);
    CHECK(send(port.value().raw()) == error(Errno::inval));
    CHECK(close_port(port.value().raw()) == error(Errno::inval));
    CHECK(bind_vcpu(port.value().raw(), 0) == error(Errno::inval));
    CHECK(reset() == 0);
    CHECK(status_of(port.value().raw()).status == EVTCHNSTAT_interdomain);
    CHECK(event::notify_via_xen_port(p.a, port.value()));
    CHECK(pending2(p.b, at_b));
    event::free_xen_port(p.a, port.value());
    CHECK(status_of(port.value().raw()).status == EVTCHNSTAT_closed);
}

TEST_CASE("a dying domain opens nothing and leaves nobody connected") {
    Pair p;
    u32 at_a, at_b, port;
    p.connect(at_a, at_b);
    DomainRef held = domain::ref(p.b);
    p.b.dying = Dying::dying;
    run_as(p.b);
    CHECK(bind_ipi(0, port) == error(Errno::inval));
    while (!event::kill_step(p.b)) {}
    run_as(p.a);
    CHECK(status_of(at_a).status == EVTCHNSTAT_unbound);
    CHECK(send(at_a) == 0);
}

TEST_CASE("the old form of the call") {
    Pair p;
    run_as(p.a);
    evtchn_op op{};
    op.cmd = EVTCHNOP_bind_ipi;
    op.u.bind_ipi.vcpu = 1;
    CHECK(sim::hypercall(__HYPERVISOR_event_channel_op_compat, sim::address(op)) == 0);
    CHECK(op.u.bind_ipi.port == 1);
    op.cmd = EVTCHNOP_init_control;
    CHECK(sim::hypercall(__HYPERVISOR_event_channel_op_compat, sim::address(op)) == error(Errno::nosys));
}
