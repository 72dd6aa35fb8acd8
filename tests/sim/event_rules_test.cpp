// SPDX-License-Identifier: MIT
// Rules of event channels, one by one.
#include <catch2/catch.hpp>
#include <public/sched.h>
#include <xen/event.hpp>
#include <xen/sched.hpp>
#include <xen/softirq.hpp>
#include <xen/time.hpp>

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

namespace {

unsigned first_calls, second_calls;
void first_notify(Vcpu&, Port) { ++first_calls; }
void second_notify(Vcpu&, Port) { ++second_calls; }
bool is_pending(const Domain& d, u32 port) { return d.shared->evtchn_pending[0] >> port & 1; }

}  // namespace

TEST_CASE("each of the hypervisor's ports calls its own consumer, and tells who is connected") {
    Pair p;
    run_as(p.a);
    auto first = event::alloc_unbound_for_xen(p.a, VcpuId{0}, p.b.id, first_notify);
    auto second = event::alloc_unbound_for_xen(p.a, VcpuId{0}, p.b.id, second_notify);
    REQUIRE((first && second));
    CHECK(event::notify_via_xen_port(p.a, first.value()));   // nobody is there yet
    u32 at_b, other, ipi;
    run_as(p.b);
    REQUIRE(bind_interdomain(p.a_id, first.value().raw(), at_b) == 0);
    REQUIRE(bind_interdomain(p.a_id, second.value().raw(), other) == 0);
    first_calls = second_calls = 0;
    CHECK(send(other) == 0);
    CHECK((first_calls == 0 && second_calls == 1));
    CHECK(send(at_b) == 0);
    CHECK((first_calls == 1 && second_calls == 1));
    p.b.shared->evtchn_pending[0] = 0;
    CHECK(event::notify_via_xen_port(p.a, first.value()));
    CHECK((is_pending(p.b, at_b) && !is_pending(p.b, other)));
    CHECK(event::notify_via_xen_port(p.a, Port{5000}).error() == Errno::inval);
    REQUIRE(bind_ipi(0, ipi) == 0);
    CHECK(event::notify_via_xen_port(p.b, Port{ipi}));       // a guest's: not the hypervisor's to raise
    CHECK_FALSE(is_pending(p.b, ipi));
    event::free_xen_port(p.a, first.value());
    event::free_xen_port(p.a, second.value());
}

TEST_CASE("a queue's events are asked about where they are") {
    Pair p;
    run_as(p.b);
    Vcpu& v = *p.b.vcpus[0];
    Mfn control_page = give_page(p.b), array = give_page(p.b);
    evtchn_init_control init{control_page.raw(), 0, 0, 0, {}};
    REQUIRE(event_op(EVTCHNOP_init_control, init) == 0);
    auto& control = *static_cast<evtchn_fifo_control_block*>(arch::direct_map(control_page));
    u32 early, port;
    REQUIRE(bind_ipi(0, early) == 0);
    REQUIRE(bind_ipi(0, port) == 0);
    v.info->evtchn_upcall_mask = 1;
    auto poll = [&](u32 n) {
        sched_poll op{};
        op.ports.p = &n, op.nr_ports = 1, op.timeout = static_cast<u64>(time::now().raw()) + 1'000'000;
        REQUIRE(sim::hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, address(op)) == 0);
        bool polls = sched::is_polling(v);
        if (polls) sched::wake_pollers(p.b, Port{n});
        softirq::pending_mask.local().store(0, std::memory_order_relaxed);
        return !polls;
    };
    // Without a word there is nothing that could be seen, masked or not.
    CHECK(send(early) == 0);
    CHECK(unmask(early) == 0);
    CHECK_FALSE(poll(early));
    CHECK(control.ready == 0);
    evtchn_expand_array expand{array.raw()};
    REQUIRE(event_op(EVTCHNOP_expand_array, expand) == 0);
    auto* words = static_cast<event_word_t*>(arch::direct_map(array));
    CHECK((words[early] >> EVTCHN_FIFO_PENDING & 1));
    CHECK(poll(early));
    CHECK_FALSE(poll(port));
    // A guest that says LINKED itself keeps its event off the queue.
    control.ready = 0;
    words[port] = 1u << EVTCHN_FIFO_LINKED;
    CHECK(send(port) == 0);
    CHECK(words[port] == (1u << EVTCHN_FIFO_LINKED | 1u << EVTCHN_FIFO_PENDING));
    CHECK((control.ready == 0 && control.head[EVTCHN_FIFO_PRIORITY_DEFAULT] == early));
    CHECK(poll(port));
    // Masked: pending, and on no queue.
    words[port] = 1u << EVTCHN_FIFO_MASKED;
    CHECK(send(port) == 0);
    CHECK(words[port] == (1u << EVTCHN_FIFO_MASKED | 1u << EVTCHN_FIFO_PENDING));
    CHECK(control.ready == 0);
}

TEST_CASE("a vCPU that is made after its domain's queues has none, and its events are kept") {
    start();
    domain::CreateInfo info;
    info.id = DomId{0x6400};
    info.max_vcpus = 2;
    auto made = domain::create(info);
    REQUIRE(made);
    Domain& d = made.value();
    d.max_pages = 16;
    REQUIRE(domain::create_vcpu(d, VcpuId{0}));
    d.vcpus[0]->arch.in_kernel = true;
    {
        On on{*d.vcpus[0]};
        Mfn control_page = give_page(d), array = give_page(d);
        evtchn_init_control init{control_page.raw(), 0, 0, 0, {}};
        REQUIRE(event_op(EVTCHNOP_init_control, init) == 0);
        evtchn_expand_array expand{array.raw()};
        REQUIRE(event_op(EVTCHNOP_expand_array, expand) == 0);
        u32 port;
        CHECK(bind_ipi(1, port) == error(Errno::noent));
        REQUIRE(domain::create_vcpu(d, VcpuId{1}));
        init = {control_page.raw(), 128, 1, 0, {}};
        CHECK(event_op(EVTCHNOP_init_control, init) == error(Errno::inval));
        REQUIRE(bind_ipi(1, port) == 0);
        CHECK(send(port) == 0);
        CHECK(static_cast<event_word_t*>(arch::direct_map(array))[port] == 1u << EVTCHN_FIFO_PENDING);
        softirq::pending_mask.local().store(0, std::memory_order_relaxed);
    }
    destroy_domain(d);
}
