// SPDX-License-Identifier: MIT
// The FIFO ABI of event channels: set-up, order by priority, queues under change, and its consumer on another CPU.
#include <catch2/catch.hpp>
#include <xen/event.hpp>
#include <xen/memory.hpp>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "common/event/fifo.hpp"
#include "event_calls.hpp"

using namespace xen;
using namespace xen::sim;

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
