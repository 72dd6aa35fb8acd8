// SPDX-License-Identifier: MIT
// Four CPUs, each a host thread, with the vCPUs of two domains: they change, pin and unpin page tables that they share, map
// and unmap what the other domain grants, send and move events, and take and give memory, all at once and yielding in between.
// Under the thread sanitizer (tests/tsan) a race is a failure; and at the end everything is counted again.
#include <catch2/catch.hpp>

#include <asm/mm.hpp>
#include <public/event_channel.h>
#include <public/grant_table.h>
#include <public/memory.h>
#include <sim/machine.hpp>
#include <xen/memory.hpp>
#include <xen/softirq.hpp>

#include <array>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "allocations.hpp"
#include "census.hpp"
#include "guest.hpp"

using namespace xen;
using arch::Pte;

namespace {

constexpr u64 kLeaf = Pte::kPresent | Pte::kUser, kRw = kLeaf | Pte::kWrite;
constexpr unsigned kPages = 28, kRefs = 8, kPorts = 8, kFirstRef = 8, kGrantSlots = 100;

// A domain whose tables are pages 0 to 3 (an L1 of its own, page 4, is pinned for grants), data from 5, granted from 12,
// event words from 24.
struct Guest {
    Domain& d = (sim::start(), sim::create_domain({.vcpus = 2, .pages = 256}));
    std::array<Mfn, kPages> pages{};
    std::array<u32, kPorts> ports{};

    Guest() {
        for (Mfn& f : pages) f = sim::give_page(d);
        for (unsigned level = 0; level < 3; ++level) entry(level, 1) = Pte::make(pages[level + 1], kRw);
        for (unsigned i = 0; i < 8; ++i) entry(3, i) = Pte::make(pages[5 + i % 4], kRw);
        sim::On on{*d.vcpus[0]};
        REQUIRE(sim::mmuext(MMUEXT_PIN_L1_TABLE, pages[4]) == 0);
    }
    Pte& entry(unsigned page, unsigned i) { return static_cast<Pte*>(arch::direct_map(pages[page]))[i]; }
    void grant_to(Guest& other) {
        sim::On on{*d.vcpus[0]};
        grant_entry_v1* table = sim::grant_table();
        for (unsigned i = 0; i < kRefs; ++i)
            table[kFirstRef + i] = {GTF_permit_access, other.d.id.raw(), static_cast<u32>(pages[12 + i].raw())};
    }
    void use_fifo() {
        sim::On on{*d.vcpus[0]};
        for (u32 vcpu = 0; vcpu < 2; ++vcpu) {
            evtchn_init_control op{};
            op.control_gfn = pages[24 + vcpu].raw(), op.vcpu = vcpu;
            REQUIRE(sim::hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_init_control, sim::address(op)) == 0);
        }
        evtchn_expand_array more{pages[26].raw()};
        REQUIRE(sim::hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_expand_array, sim::address(more)) == 0);
    }
};

void connect(Guest& a, Guest& b) {
    for (unsigned i = 0; i < kPorts; ++i) {
        evtchn_alloc_unbound open{DOMID_SELF, b.d.id.raw(), 0};
        {
            sim::On on{*a.d.vcpus[0]};
            REQUIRE(sim::hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, sim::address(open)) == 0);
        }
        evtchn_bind_interdomain bind{a.d.id.raw(), open.port, 0};
        sim::On on{*b.d.vcpus[0]};
        REQUIRE(sim::hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_interdomain, sim::address(bind)) == 0);
        a.ports[i] = open.port, b.ports[i] = bind.local_port;
    }
}

// One vCPU on a CPU of its own, with a thread that does what comes to its mind.
class Player {
public:
    Player(Guest& own, Guest& other, u32 vcpu, u32 cpu) : own_{own}, other_{other}, v_{*own.d.vcpus[vcpu]}, cpu_{cpu}, random_{cpu + 1} {}

    void play(unsigned rounds) {
        sim::On on{v_, CpuId{cpu_}};
        for (unsigned n = 0; n < rounds; ++n) step();
        while (!handles_.empty()) unmap();
        softirq::pending_mask.local().store(0, std::memory_order_relaxed);
    }
    u64 done() const { return done_; }

private:
    unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
    // To its end; now and then the CPU is wanted elsewhere.
    s64 call(u32 number, u64 a0, u64 a1 = 0, u64 a2 = 0, u64 a3 = 0) {
        sim::load({number, {a0, a1, a2, a3}});
        while (!sim::enter(below(4) == 0)) softirq::pending_mask.local().store(0, std::memory_order_relaxed);
        softirq::pending_mask.local().store(0, std::memory_order_relaxed);
        s64 r = static_cast<s64>(v_.arch.regs.rax);
        if (r >= 0) ++done_;
        return r;
    }
    template <class Op>
    s64 event(u32 cmd, Op op) {
        s64 r = call(__HYPERVISOR_event_channel_op, cmd, sim::address(op));
        if constexpr (requires { op.port; }) port_ = op.port;
        return r;
    }
    void update() {
        unsigned table = below(4);
        Pte value = below(4) == 0 ? Pte{} : Pte::make(own_.pages[table == 3 ? 5 + below(4) : table + 1], below(3) ? kRw : kLeaf);
        mmu_update_t u{address_of(own_.pages[table]).raw() + 8 * below(16), value.raw};
        (void)call(__HYPERVISOR_mmu_update, sim::address(u), 1, 0, DOMID_SELF);
    }
    void pin() {
        mmuext_op_t op{};
        unsigned level = below(4);   // page 0 is the L4
        op.cmd = below(2) ? MMUEXT_UNPIN_TABLE : MMUEXT_PIN_L4_TABLE - level;
        op.arg1.mfn = own_.pages[level].raw();
        (void)call(__HYPERVISOR_mmuext_op, sim::address(op), 1, 0, DOMID_SELF);
    }
    void map() {
        gnttab_map_grant_ref op{};
        op.host_addr = address_of(own_.pages[4]).raw() + 8 * (kGrantSlots + cpu_ * 16 + below(16));
        for (auto& taken : handles_)
            if (taken.first == op.host_addr) return;
        op.flags = GNTMAP_host_map | GNTMAP_contains_pte | (below(2) ? GNTMAP_readonly : 0);
        op.ref = kFirstRef + below(kRefs), op.dom = other_.d.id.raw();
        if (call(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, sim::address(op), 1) == 0 && op.status == GNTST_okay)
            handles_.push_back({op.host_addr, op.handle});
    }
    void unmap() {
        if (handles_.empty()) return;
        std::swap(handles_[below(static_cast<unsigned>(handles_.size()))], handles_.back());
        gnttab_unmap_grant_ref op{};
        op.host_addr = handles_.back().first, op.handle = handles_.back().second;
        (void)call(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, sim::address(op), 1);
        if (op.status != GNTST_okay) failed_ = true;
        handles_.pop_back();
    }
    void copy() {
        gnttab_copy op{};
        op.source.u.gmfn = op.dest.u.gmfn = own_.pages[20 + cpu_].raw();
        op.source.domid = op.dest.domid = DOMID_SELF;
        op.dest.offset = 64, op.len = 32;
        (void)call(__HYPERVISOR_grant_table_op, GNTTABOP_copy, sim::address(op), 1);
    }
    void reserve() {
        xen_pfn_t frame = 0;
        xen_memory_reservation r{};
        r.extent_start.p = &frame, r.nr_extents = 1, r.domid = DOMID_SELF;
        if (call(__HYPERVISOR_memory_op, XENMEM_increase_reservation, sim::address(r)) != 1) return;
        if (call(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, sim::address(r)) != 1) failed_ = true;
    }
    void ports() {
        if (event(EVTCHNOP_alloc_unbound, evtchn_alloc_unbound{DOMID_SELF, other_.d.id.raw(), 0}) == 0)
            (void)event(EVTCHNOP_close, evtchn_close{port_});
    }
    void step() {
        u32 port = own_.ports[below(kPorts)];
        switch (below(16)) {
        case 0:
        case 1:
        case 2: return update();
        case 3:
        case 4: return pin();
        case 5:
        case 6: return map();
        case 7:
        case 8: return unmap();
        case 9: return copy();
        case 10: return reserve();
        case 11: return ports();
        case 12: (void)event(EVTCHNOP_bind_vcpu, evtchn_bind_vcpu{port, below(2)}); return;
        case 13: (void)event(EVTCHNOP_unmask, evtchn_unmask{port}); return;
        default: (void)event(EVTCHNOP_send, evtchn_send{port}); return;
        }
    }

public:
    bool failed_ = false;

private:
    Guest &own_, &other_;
    Vcpu& v_;
    u32 cpu_;
    std::mt19937 random_;
    std::vector<std::pair<u64, u32>> handles_;
    u32 port_ = 0;
    u64 done_ = 0;
};

void play_together(unsigned rounds) {
    Guest a, b;
    a.grant_to(b);
    b.grant_to(a);
    b.use_fifo();
    connect(a, b);
    std::string before_a = sim::census(a.d), before_b = sim::census(b.d);
    std::vector<std::unique_ptr<Player>> players;
    for (u32 i = 0; i < 4; ++i) players.push_back(std::make_unique<Player>(i < 2 ? a : b, i < 2 ? b : a, i & 1, i));
    std::vector<std::thread> threads;
    for (auto& p : players) threads.emplace_back([&] { p->play(rounds); });
    for (auto& t : threads) t.join();
    for (auto& p : players) {
        CHECK_FALSE(p->failed_);
        CHECK(p->done() > rounds / 4);
    }
    CHECK(sim::census(a.d) == before_a);
    CHECK(sim::census(b.d) == before_b);   // what event words hold, it does not know
    for (unsigned i = 0; i < kRefs; ++i)
        for (Guest* g : {&a, &b}) {
            CHECK(page_of(g->pages[12 + i]).references() == 1);
            CHECK(page_of(g->pages[12 + i]).type_uses() == 0);
        }
    sim::destroy_domain(a.d);
    sim::destroy_domain(b.d);
}

}  // namespace

TEST_CASE("four CPUs change tables, map grants and send events at once") {
    sim::start();
    play_together(200);
    u64 pages = memory::free_pages(), blocks = sim::live_blocks();
    play_together(20'000);
    CHECK(memory::free_pages() == pages);
    CHECK(sim::live_blocks() == blocks);
}
