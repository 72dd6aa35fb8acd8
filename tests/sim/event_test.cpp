// SPDX-License-Identifier: MIT
// Event channels as guests see them: return codes, delivery in both ABIs, death.
#include <catch2/catch.hpp>
#include <sim/machine.hpp>
#include <xen/event.hpp>
#include <xen/hypercall.hpp>
#include <xen/memory.hpp>
#include <xen/softirq.hpp>

#include <public/event_channel.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "common/event/fifo.hpp"

using namespace xen;

namespace {

void run_as(Domain& d, u32 vcpu = 0) { arch::set_current_vcpu(d.vcpus[vcpu]); }

template <class Op>
s64 event_op(u32 cmd, Op& op) {
    return sim::hypercall(__HYPERVISOR_event_channel_op, cmd, sim::address(op));
}
s64 error(Errno e) { return abi_error(e); }

// The domain with all rights. It outlives the tests.
Domain& control() {
    static Domain& d = (sim::start(), sim::create_domain({.vcpus = 2, .pages = 4096, .privileged = true}));
    return d;
}

Mfn give_page(Domain& d) {
    auto p = memory::allocate_domain_pages(d, {});
    REQUIRE(p);
    memset(arch::direct_map(p.value().mfn()), 0, kPageSize);
    return p.value().mfn();
}

// -- the calls, by what a guest has in hand
s64 alloc_unbound(u16 remote, u32& port, u16 dom = DOMID_SELF) {
    evtchn_alloc_unbound op{dom, remote, 0};
    s64 r = event_op(EVTCHNOP_alloc_unbound, op);
    port = op.port;
    return r;
}
s64 bind_interdomain(u16 dom, u32 remote, u32& port) {
    evtchn_bind_interdomain op{dom, remote, 0};
    s64 r = event_op(EVTCHNOP_bind_interdomain, op);
    port = op.local_port;
    return r;
}
s64 bind_virq(u32 virq, u32 vcpu, u32& port) {
    evtchn_bind_virq op{virq, vcpu, 0};
    s64 r = event_op(EVTCHNOP_bind_virq, op);
    port = op.port;
    return r;
}
s64 bind_ipi(u32 vcpu, u32& port) {
    evtchn_bind_ipi op{vcpu, 0};
    s64 r = event_op(EVTCHNOP_bind_ipi, op);
    port = op.port;
    return r;
}
s64 bind_pirq(u32 pirq, u32& port) {
    evtchn_bind_pirq op{pirq, 0, 0};
    s64 r = event_op(EVTCHNOP_bind_pirq, op);
    port = op.port;
    return r;
}
s64 bind_vcpu(u32 port, u32 vcpu) {
    evtchn_bind_vcpu op{port, vcpu};
    return event_op(EVTCHNOP_bind_vcpu, op);
}
s64 close_port(u32 port) {
    evtchn_close op{port};
    return event_op(EVTCHNOP_close, op);
}
s64 send(u32 port) {
    evtchn_send op{port};
    return event_op(EVTCHNOP_send, op);
}
s64 unmask(u32 port) {
    evtchn_unmask op{port};
    return event_op(EVTCHNOP_unmask, op);
}
s64 set_priority(u32 port, u32 priority) {
    evtchn_set_priority op{port, priority};
    return event_op(EVTCHNOP_set_priority, op);
}
s64 reset(u16 dom = DOMID_SELF) {
    evtchn_reset op{dom};
    return event_op(EVTCHNOP_reset, op);
}
evtchn_status status_of(u32 port, u16 dom = DOMID_SELF) {
    evtchn_status op{};
    op.dom = dom;
    op.port = port;
    s64 r = event_op(EVTCHNOP_status, op);
    if (r) op.status = static_cast<u32>(r);
    return op;
}

// A privileged and a common domain that the tests talk between.
struct Pair {
    Domain& a = control();
    Domain& b = sim::create_domain({.vcpus = 2, .pages = 4096});
    u16 a_id = a.id.raw(), b_id = b.id.raw();
    Vcpu* outer = arch::current_vcpu();
    ~Pair() {
        run_as(a);
        CHECK(reset() == 0);
        for (auto& word : a.shared->evtchn_mask) word = 0;
        for (auto& word : a.shared->evtchn_pending) word = 0;
        arch::set_current_vcpu(outer);
        sim::destroy_domain(b);
    }
    // Ports a <-> b.
    void connect(u32& at_a, u32& at_b) {
        run_as(a);
        REQUIRE(alloc_unbound(b_id, at_a) == 0);
        run_as(b);
        REQUIRE(bind_interdomain(a_id, at_a, at_b) == 0);
    }
};

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
    CHECK(status_of(1, 0x7000).status == static_cast<u32>(error(Errno::srch)));
}

TEST_CASE("binding refuses what the ABI refuses") {
    Pair p;
    u32 port, other;
    run_as(p.b);
    CHECK(alloc_unbound(p.b_id, port, p.a_id) == error(Errno::perm));
    CHECK(alloc_unbound(p.b_id, port, 0x7000) == error(Errno::srch));
    CHECK(bind_interdomain(0x7000, 1, port) == error(Errno::srch));
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
    CHECK(bind_pirq(300, other) == error(Errno::inval));
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
    CHECK(reset(0x7000) == error(Errno::srch));
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

// -- FIFO

namespace {

// A guest that uses the FIFO ABI, with the consumer's side of the queues.
struct FifoGuest {
    Domain& d;
    std::vector<Mfn> frames{};
    event_word_t* words = nullptr;
    evtchn_fifo_control_block* control[2]{};

    explicit FifoGuest(Domain& domain) : d{domain} {
        run_as(d);
        for (u32 v = 0; v < 2; ++v) {
            Mfn f = give_page(d);
            evtchn_init_control op{f.raw(), 64 * v, v, 0, {}};
            REQUIRE(event_op(EVTCHNOP_init_control, op) == 0);
            REQUIRE(op.link_bits == 17);
            control[v] = reinterpret_cast<evtchn_fifo_control_block*>(static_cast<char*>(arch::direct_map(f)) + 64 * v);
        }
        Mfn f = give_page(d);
        evtchn_expand_array op{f.raw()};
        REQUIRE(event_op(EVTCHNOP_expand_array, op) == 0);
        words = static_cast<event_word_t*>(arch::direct_map(f));
    }
    // What a guest's handler does (public/event_channel.h): by priority, from the head, until the queue is empty.
    std::vector<u32> take(u32 vcpu) {
        std::vector<u32> got;
        d.vcpus[vcpu]->info->evtchn_upcall_pending = 0;
        u32 ready = std::exchange(control[vcpu]->ready, 0);
        for (u32 q = 0; q < 16; ++q) {
            if (!(ready >> q & 1)) continue;
            u32 port = control[vcpu]->head[q];
            while (port) {
                u32 w = words[port];
                words[port] = w & ~(EVTCHN_FIFO_LINK_MASK | 1u << EVTCHN_FIFO_LINKED);
                u32 next = w & EVTCHN_FIFO_LINK_MASK;
                if ((w >> EVTCHN_FIFO_PENDING & 1) && !(w >> EVTCHN_FIFO_MASKED & 1)) {
                    words[port] &= ~(1u << EVTCHN_FIFO_PENDING);
                    got.push_back(port);
                }
                port = next;
            }
            control[vcpu]->head[q] = 0;
        }
        return got;
    }
    void mask(u32 port) { words[port] |= 1u << EVTCHN_FIFO_MASKED; }
};

}  // namespace

TEST_CASE("FIFO set-up checks its arguments") {
    Pair p;
    run_as(p.b);
    Mfn f = give_page(p.b);
    auto init = [&](u64 frame, u32 offset, u32 vcpu) {
        evtchn_init_control op{frame, offset, vcpu, 0, {}};
        return event_op(EVTCHNOP_init_control, op);
    };
    CHECK(init(f.raw(), 0, 2) == error(Errno::noent));
    CHECK(init(f.raw(), 4, 0) == error(Errno::inval));
    CHECK(init(f.raw(), 4096 - 64, 0) == error(Errno::inval));
    Mfn foreign = give_page(p.a);
    CHECK(init(foreign.raw(), 0, 0) == error(Errno::inval));
    CHECK(init(u64{1} << 40, 0, 0) == error(Errno::inval));
    CHECK(page_of(f).references() == 1);
    CHECK(init(f.raw(), 4096 - 72, 0) == 0);
    CHECK(page_of(f).references() == 2);
    CHECK(page_of(f).type_uses() == 1);
    CHECK(init(f.raw(), 0, 0) == error(Errno::inval));   // has one
    u32 port;
    REQUIRE(bind_ipi(0, port) == 0);
    CHECK(set_priority(port, 16) == error(Errno::inval));
    CHECK(set_priority(port + 1, 3) == error(Errno::acces));
    CHECK(set_priority(5000, 3) == error(Errno::inval));
    CHECK(set_priority(port, 15) == 0);
    evtchn_expand_array bad{foreign.raw()};
    CHECK(event_op(EVTCHNOP_expand_array, bad) == error(Errno::inval));
    for (u32 i = 0; i < 128; ++i) {
        evtchn_expand_array op{give_page(p.b).raw()};
        REQUIRE(event_op(EVTCHNOP_expand_array, op) == 0);
    }
    evtchn_expand_array more{give_page(p.b).raw()};
    CHECK(event_op(EVTCHNOP_expand_array, more) == error(Errno::nospc));
    CHECK(reset() == 0);
    CHECK(page_of(f).references() == 1);
    CHECK(set_priority(port, 3) == error(Errno::nosys));
    memory::drop_allocation(page_of(foreign));
}

TEST_CASE("FIFO: what was pending before is not lost") {
    Pair p;
    run_as(p.b);
    u32 one, two;
    REQUIRE(bind_ipi(0, one) == 0);
    REQUIRE(bind_ipi(0, two) == 0);
    REQUIRE(send(one) == 0);               // in the 2-level ABI
    Mfn f = give_page(p.b);
    evtchn_init_control init{f.raw(), 0, 0, 0, {}};
    REQUIRE(event_op(EVTCHNOP_init_control, init) == 0);
    REQUIRE(send(two) == 0);               // no word yet
    Mfn array = give_page(p.b);
    evtchn_expand_array expand{array.raw()};
    REQUIRE(event_op(EVTCHNOP_expand_array, expand) == 0);
    auto* words = static_cast<event_word_t*>(arch::direct_map(array));
    CHECK(words[one] >> EVTCHN_FIFO_PENDING & 1);
    CHECK(words[two] >> EVTCHN_FIFO_PENDING & 1);
    auto* control = static_cast<evtchn_fifo_control_block*>(arch::direct_map(f));
    CHECK(control->ready == 1u << EVTCHN_FIFO_PRIORITY_DEFAULT);
    CHECK(control->head[EVTCHN_FIFO_PRIORITY_DEFAULT] == one);
    CHECK((words[one] & EVTCHN_FIFO_LINK_MASK) == two);
}

TEST_CASE("FIFO: first come, first served, by priority") {
    Pair p;
    FifoGuest g{p.b};
    u32 ports[6];
    for (u32& port : ports) REQUIRE(bind_ipi(0, port) == 0);
    REQUIRE(set_priority(ports[4], 2) == 0);
    REQUIRE(set_priority(ports[5], 15) == 0);
    for (u32 i : {5, 3, 1, 4, 0, 2}) REQUIRE(send(ports[i]) == 0);
    CHECK(p.b.vcpus[0]->info->evtchn_upcall_pending == 1);
    for (u32 i : {5, 3, 1, 4, 0, 2}) REQUIRE(send(ports[i]) == 0);   // again: no second time
    CHECK(g.take(0) == std::vector<u32>{ports[4], ports[3], ports[1], ports[0], ports[2], ports[5]});
    CHECK(g.take(0).empty());
    REQUIRE(send(ports[1]) == 0);
    CHECK(g.take(0) == std::vector<u32>{ports[1]});
}

TEST_CASE("FIFO: mask, unmask, clear while queued") {
    Pair p;
    FifoGuest g{p.b};
    u32 port, other;
    REQUIRE(bind_ipi(0, port) == 0);
    REQUIRE(bind_ipi(0, other) == 0);
    g.mask(port);
    REQUIRE(send(port) == 0);
    CHECK(g.control[0]->ready == 0);
    CHECK(unmask(port) == 0);
    CHECK(g.take(0) == std::vector<u32>{port});
    CHECK(unmask(port) == 0);
    CHECK(g.take(0).empty());
    // Closed while it is on the queue: the guest ignores it, and the port is not reused before it is off.
    REQUIRE(send(port) == 0);
    REQUIRE(close_port(port) == 0);
    u32 next;
    REQUIRE(bind_ipi(0, next) == 0);
    CHECK(next != port);
    CHECK(g.take(0).empty());
    REQUIRE(bind_ipi(0, next) == 0);
    CHECK(next == port);
}

TEST_CASE("FIFO: an event that changes its queue leaves no broken one behind") {
    Pair p;
    FifoGuest g{p.b};
    // A small machine of random sends, moves and takes; every event sent since it was last taken is taken again.
    constexpr u32 kPorts = 12;
    u32 ports[kPorts];
    std::set<u32> due;
    for (u32& port : ports) {
        u32 remote, local;
        run_as(p.a);
        REQUIRE(alloc_unbound(p.b_id, remote) == 0);
        run_as(p.b);
        REQUIRE(bind_interdomain(p.a_id, remote, local) == 0);
        port = remote;
        due.insert(local);
    }
    u32 seed = 12345;
    auto random = [&](u32 n) { return (seed = seed * 1664525 + 1013904223) / 65536 % n; };
    auto take = [&](u32 vcpu) {
        for (u32 port : g.take(vcpu)) {
            REQUIRE(due.count(port));
            due.erase(port);
        }
    };
    for (int i = 0; i < 20000; ++i) {
        u32 n = random(kPorts);
        run_as(p.a);
        u32 local = status_of(ports[n]).u.interdomain.port;
        switch (random(6)) {
        case 0:
        case 1:
            REQUIRE(send(ports[n]) == 0);
            due.insert(local);
            break;
        case 2: take(random(2)); break;
        case 3:
            run_as(p.b);
            REQUIRE(bind_vcpu(local, random(2)) == 0);
            break;
        case 4:
            run_as(p.b);
            REQUIRE(set_priority(local, random(16)) == 0);
            break;
        case 5:
            run_as(p.b);
            if (random(2)) g.mask(local);
            else REQUIRE(unmask(local) == 0);
            break;
        }
    }
    run_as(p.b);
    for (u32 round = 0; round < 3; ++round) {
        for (u32 port = 1; port <= 2 * kPorts; ++port) unmask(port);
        take(0);
        take(1);
    }
    CHECK(due.empty());
}

TEST_CASE("FIFO: linking behind a tail that the guest takes away meanwhile") {
    constexpr u32 kLinked = 1u << EVTCHN_FIFO_LINKED, kBusy = 1u << EVTCHN_FIFO_BUSY, kPending = 1u << EVTCHN_FIFO_PENDING;
    event_word_t tail = kLinked | kPending;
    CHECK(event::fifo::link_behind(tail, 77));
    CHECK(tail == (kLinked | kPending | 77));
    tail = kPending;
    CHECK(!event::fifo::link_behind(tail, 77));
    CHECK(tail == kPending);
    tail = kLinked | kBusy | 5;
    CHECK(event::fifo::link_behind(tail, 131071));
    CHECK(tail == (kLinked | 131071));
}

TEST_CASE("FIFO: two senders and a consumer at the same time lose nothing") {
    Pair p;
    FifoGuest g{p.b};
    constexpr u32 kPorts = 8, kSends = 20000;
    u32 at_a[kPorts];
    std::atomic<u32> sent[64]{}, seen[64]{};
    u32 local_of[kPorts];
    for (u32 i = 0; i < kPorts; ++i) {
        p.connect(at_a[i], local_of[i]);
        REQUIRE(bind_vcpu(local_of[i], i % 2) == 0);
        REQUIRE(set_priority(local_of[i], i % 3) == 0);
    }
    std::atomic<bool> over{false};
    auto bit = [](unsigned n) { return 1u << n; };
    // The guest's side with the accesses that a guest on another CPU makes (public/event_channel.h).
    auto drain = [&](u32 vcpu) {
        for (u32 q = 0; q < 16; ++q) {
            if (!(__atomic_fetch_and(&g.control[vcpu]->ready, ~bit(q), __ATOMIC_SEQ_CST) & bit(q))) continue;
            u32 port = __atomic_load_n(&g.control[vcpu]->head[q], __ATOMIC_SEQ_CST);
            while (port) {
                u32& word = g.words[port];
                u32 w = __atomic_load_n(&word, __ATOMIC_SEQ_CST);
                while (!__atomic_compare_exchange_n(&word, &w, w & ~(EVTCHN_FIFO_LINK_MASK | bit(EVTCHN_FIFO_LINKED)),
                                                    false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {}
                if (__atomic_fetch_and(&word, ~bit(EVTCHN_FIFO_PENDING), __ATOMIC_SEQ_CST) & bit(EVTCHN_FIFO_PENDING))
                    seen[port].store(sent[port].load());
                port = w & EVTCHN_FIFO_LINK_MASK;
            }
        }
    };
    auto consumer = [&](u32 vcpu) {
        while (!over.load()) drain(vcpu);
        drain(vcpu);
    };
    auto sender = [&](u32 cpu) {
        sim::On on{*p.a.vcpus[cpu], CpuId{cpu}};
        for (u32 i = 0; i < kSends; ++i) {
            u32 n = (i * 7 + cpu) % kPorts;
            sent[local_of[n]].fetch_add(1);
            if (send(at_a[n]) != 0) std::abort();
        }
    };
    std::thread consumers[] = {std::thread{consumer, 0}, std::thread{consumer, 1}};
    std::thread senders[] = {std::thread{sender, 0}, std::thread{sender, 1}};
    for (auto& t : senders) t.join();
    over = true;
    for (auto& t : consumers) t.join();
    for (u32 port : local_of) CHECK(seen[port].load() == sent[port].load());
}

TEST_CASE("a hundred lives with events leave no page behind") {
    auto life = [] {
        Pair p;
        FifoGuest g{p.b};
        u32 at_a, at_b, port;
        for (u32 i = 0; i < 40; ++i) p.connect(at_a, at_b);
        REQUIRE(bind_virq(VIRQ_TIMER, 1, port) == 0);
    };
    life();
    u64 before = memory::free_pages();
    for (int i = 0; i < 100; ++i) life();
    CHECK(memory::free_pages() == before);
}
