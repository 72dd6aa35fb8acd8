// SPDX-License-Identifier: MIT
// Rules of event channels, one by one.
#include <catch2/catch.hpp>
#include <public/sched.h>
#include <xen/event.hpp>
#include <xen/softirq.hpp>

#include "common/event/fifo.hpp"
#include "event_calls.hpp"

using namespace xen;
using namespace xen::sim;

TEST_CASE("polling a port that cannot be named is refused") {
    start();
    Domain& d = create_domain();
    {
        On on{*d.vcpus[0]};
        u32 ports[] = {1, 5000};
        sched_poll op{};
        op.ports.p = ports;
        op.nr_ports = 2;
        op.timeout = 1;
        CHECK(sim::hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, address(op)) == -EINVAL);
        u32 many[129];
        for (u32& port : many) port = 1;
        op.ports.p = many;
        op.nr_ports = 129;
        CHECK(sim::hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, address(op)) == -EINVAL);
    }
    destroy_domain(d);
}

TEST_CASE("a port that is refused is not taken") {
    Pair p;
    u32 port = 0;
    run_as(p.b);
    CHECK(alloc_unbound(p.b_id, port, p.a_id) == error(Errno::perm));
    run_as(p.a);
    CHECK(status_of(1).status == EVTCHNSTAT_closed);
    CHECK(bind_interdomain(p.b_id, 1, port) == error(Errno::inval));
    CHECK(status_of(1).status == EVTCHNSTAT_closed);
}

TEST_CASE("a binding to a port that is not open, or taken, leaves both as they were") {
    Pair p;
    u32 at_a, at_b, second, ipi;
    p.connect(at_a, at_b);
    run_as(p.b);
    CHECK(bind_interdomain(p.a_id, at_a, second) == error(Errno::inval));   // has its partner
    REQUIRE(close_port(at_b) == 0);
    run_as(p.a);
    REQUIRE(close_port(at_a) == 0);
    run_as(p.b);
    CHECK(bind_interdomain(p.a_id, at_a, second) == error(Errno::inval));   // closed
    // One of another kind, of which the number looks like the binder's.
    if (p.b_id < NR_VIRQS && p.b_id != VIRQ_TIMER) {
        run_as(p.a);
        REQUIRE(bind_virq(p.b_id, 0, at_a) == 0);
        run_as(p.b);
        CHECK(bind_interdomain(p.a_id, at_a, second) == error(Errno::inval));
    }
    REQUIRE(bind_ipi(0, ipi) == 0);
    CHECK(ipi == 1);                                                        // nothing was taken meanwhile
}

TEST_CASE("a death of many ports yields") {
    start();
    Domain& d = create_domain({.vcpus = 1});
    {
        On on{*d.vcpus[0]};
        u32 port;
        for (u32 i = 0; i < 3000; ++i) REQUIRE(bind_ipi(0, port) == 0);
        unsigned yields = 0;
        softirq::raise(softirq::Kind::rcu);
        while (!event::kill_step(d)) ++yields;
        softirq::pending_mask.local().store(0, std::memory_order_relaxed);
        CHECK(yields > 16);
    }
    destroy_domain(d);
}

TEST_CASE("a new link takes the old one's place") {
    constexpr event_word_t kLinked = 1u << EVTCHN_FIFO_LINKED;
    event_word_t tail = kLinked | 5;
    CHECK(event::fifo::link_behind(tail, 8));
    CHECK(tail == (kLinked | 8));
}

TEST_CASE("a queue's pages go back with the reset") {
    Pair p;
    run_as(p.b);
    Mfn control = give_page(p.b), array = give_page(p.b);
    evtchn_init_control init{control.raw(), 0, 0, 0, {}};
    REQUIRE(event_op(EVTCHNOP_init_control, init) == 0);
    evtchn_expand_array expand{array.raw()};
    REQUIRE(event_op(EVTCHNOP_expand_array, expand) == 0);
    CHECK(page_of(array).type_uses() == 1);
    REQUIRE(reset() == 0);
    for (Mfn f : {control, array}) {
        CHECK(page_of(f).references() == 1);
        CHECK(page_of(f).type_uses() == 0);
    }
}
