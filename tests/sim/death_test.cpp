// SPDX-License-Identifier: MIT
// Lives in which everything is in use when they end: grants mapped both ways, ports of both ABIs, foreign mappings,
// linear tables, pinned roots, timers that are set, vCPUs that poll. Every page and every block comes back.
#include <catch2/catch.hpp>

#include <asm/mm.hpp>
#include <public/event_channel.h>
#include <public/grant_table.h>
#include <public/physdev.h>
#include <public/sched.h>
#include <public/vcpu.h>
#include <sim/machine.hpp>
#include <xen/event.hpp>
#include <xen/memory.hpp>
#include <xen/sched.hpp>
#include <xen/time.hpp>

#include <array>

#include "census.hpp"
#include "guest.hpp"

using namespace xen;
using arch::Pte;

namespace {

constexpr u64 kLeaf = Pte::kPresent | Pte::kUser, kRw = kLeaf | Pte::kWrite;
// A leak of the smallest block in each life would take two pages of the heap.
constexpr unsigned kLives = 600;

// A guest with tables that it runs on: pages 0 to 3 are L4 to L1, the others are mapped by its L1 from entry 0 on.
class Guest {
public:
    static constexpr unsigned kPages = 16, kGrantSlot = 100, kForeignSlot = 101;
    explicit Guest(bool privileged = false)
        : d{sim::create_domain({.vcpus = 2, .pages = 64, .privileged = privileged})} {
        for (Mfn& f : pages) f = sim::give_page(d);
        for (unsigned level = 0; level < 3; ++level) entry(level, 1) = Pte::make(pages[level + 1], kRw);
        for (unsigned i = 4; i < 12; ++i) entry(3, i) = Pte::make(pages[i], kRw);
    }
    Guest(const Guest&) = delete;
    Pte& entry(unsigned page, unsigned i) { return static_cast<Pte*>(arch::direct_map(pages[page]))[i]; }
    u64 slot(unsigned i) const { return address_of(pages[3]).raw() + i * sizeof(Pte); }
    template <class... Args>
    s64 call(u32 number, Args... args) {
        sim::On on{*d.vcpus[0]};
        return sim::hypercall(number, static_cast<u64>(args)...);
    }
    template <class Op>
    s64 events(u32 cmd, Op& op) { return call(__HYPERVISOR_event_channel_op, cmd, sim::address(op)); }
    template <class Op>
    void grants(u32 cmd, Op& op) {
        REQUIRE(call(__HYPERVISOR_grant_table_op, cmd, sim::address(op), 1) == 0);
        REQUIRE(op.status == GNTST_okay);
    }
    void pin(unsigned cmd, unsigned page) {
        sim::On on{*d.vcpus[0]};
        REQUIRE(sim::mmuext(cmd, pages[page]) == 0);
    }
    s64 set_entry(u64 address, Pte value, u16 of = DOMID_SELF) {
        mmu_update_t u{};
        u.ptr = address;
        u.val = value.raw;
        return call(__HYPERVISOR_mmu_update, sim::address(u), 1, 0, of);
    }
    // Roots pinned, one of them mapping the other.
    void tables() {
        pin(MMUEXT_PIN_L4_TABLE, 0);
        pin(MMUEXT_PIN_L4_TABLE, 12);
        REQUIRE(set_entry(address_of(pages[12]).raw() + 5 * sizeof(Pte), Pte::make(pages[0], kLeaf)) == 0);
        REQUIRE(set_entry(address_of(pages[12]).raw() + 6 * sizeof(Pte), Pte::make(pages[12], kLeaf)) == 0);
    }
    void grant(u32 ref, Guest& to, unsigned page) {
        if (!table) {
            sim::On on{*d.vcpus[0]};
            table = sim::grant_table();
        }
        table[ref] = {GTF_permit_access, to.d.id.raw(), static_cast<u32>(pages[page].raw())};
    }
    u32 map(Guest& from, u32 ref, u32 flags, unsigned at) {
        gnttab_map_grant_ref op{};
        op.host_addr = flags & GNTMAP_host_map ? slot(at) : 0;
        op.flags = flags & GNTMAP_host_map ? flags | GNTMAP_contains_pte : flags;
        op.ref = ref;
        op.dom = from.d.id.raw();
        grants(GNTTABOP_map_grant_ref, op);
        return op.handle;
    }
    void fifo() {
        evtchn_init_control control{};
        control.control_gfn = pages[13].raw();
        REQUIRE(events(EVTCHNOP_init_control, control) == 0);
        control.control_gfn = pages[13].raw();
        control.offset = 1024;
        control.vcpu = 1;
        REQUIRE(events(EVTCHNOP_init_control, control) == 0);
        evtchn_expand_array more{pages[14].raw()};
        REQUIRE(events(EVTCHNOP_expand_array, more) == 0);
    }
    // A channel whose other end has been sent to and has not looked.
    void channel(Guest& other) {
        evtchn_alloc_unbound open{DOMID_SELF, other.d.id.raw(), 0};
        REQUIRE(events(EVTCHNOP_alloc_unbound, open) == 0);
        evtchn_bind_interdomain bind{d.id.raw(), open.port, 0};
        REQUIRE(other.events(EVTCHNOP_bind_interdomain, bind) == 0);
        evtchn_send send{open.port};
        REQUIRE(events(EVTCHNOP_send, send) == 0);
        evtchn_alloc_unbound waiting{DOMID_SELF, sim::kNobody, 0};
        REQUIRE(events(EVTCHNOP_alloc_unbound, waiting) == 0);
        evtchn_bind_virq virq{VIRQ_TIMER, 1, 0};
        REQUIRE(events(EVTCHNOP_bind_virq, virq) == 0);
        evtchn_bind_ipi ipi{1, 0};
        REQUIRE(events(EVTCHNOP_bind_ipi, ipi) == 0);
    }
    void areas() {
        vcpu_register_vcpu_info info{};
        info.mfn = pages[15].raw();
        info.offset = 512;
        sched::set_down(*d.vcpus[1], true);
        REQUIRE(call(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 1, sim::address(info)) == 0);
        physdev_pirq_eoi_gmfn eoi{pages[11].raw()};
        REQUIRE(call(__HYPERVISOR_physdev_op, PHYSDEVOP_pirq_eoi_gmfn_v2, sim::address(eoi)) == 0);
        u64 gdt[1]{pages[10].raw()};
        REQUIRE(set_entry(slot(10), Pte{}) == 0);   // descriptors may not be mapped writable
        REQUIRE(call(__HYPERVISOR_set_gdt, sim::address(gdt), 512) == 0);
    }
    void timers() {
        u64 soon = static_cast<u64>(time::now().raw()) + 1'000'000'000;
        REQUIRE(call(__HYPERVISOR_set_timer_op, soon) == 0);
        vcpu_set_periodic_timer periodic{10'000'000};
        REQUIRE(call(__HYPERVISOR_vcpu_op, VCPUOP_set_periodic_timer, 0, sim::address(periodic)) == 0);
        vcpu_set_singleshot_timer once{soon, 0};
        REQUIRE(call(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, sim::address(once)) == 0);
        sched_watchdog dog{0, 100};
        REQUIRE(call(__HYPERVISOR_sched_op, SCHEDOP_watchdog, sim::address(dog)) > 0);
        sched_poll poll{};
        poll.timeout = soon;
        REQUIRE(call(__HYPERVISOR_sched_op, SCHEDOP_poll, sim::address(poll)) == 0);
    }
    Domain& d;
    std::array<Mfn, kPages> pages{};
    grant_entry_v1* table = nullptr;
};

// Two guests entangled; the one that dies first leaves what the other uses.
void two_lives(bool first) {
    Guest a, b;
    a.tables();
    b.tables();
    REQUIRE(sim::census(a.d) == "");
    REQUIRE(sim::census(b.d) == "");
    a.grant(8, b, 4);
    b.grant(8, a, 4);
    b.grant(9, a, 5);
    a.map(b, 8, GNTMAP_host_map, Guest::kGrantSlot);
    a.map(b, 9, GNTMAP_device_map | GNTMAP_readonly, 0);
    b.map(a, 8, GNTMAP_host_map | GNTMAP_device_map, Guest::kGrantSlot);
    b.fifo();
    a.channel(b);
    b.channel(a);
    a.areas();
    b.areas();
    a.timers();
    b.timers();
    sim::destroy_domain(first ? a.d : b.d);
    sim::destroy_domain(first ? b.d : a.d);
}

}  // namespace

TEST_CASE("lives that end with everything in use leave no page and no block behind") {
    sim::start();
    auto both_ways = [] {
        two_lives(true);
        two_lives(false);
    };
    for (unsigned i = 0; i < 10; ++i) both_ways();
    u64 before = memory::free_pages();
    for (unsigned i = 0; i < kLives / 2; ++i) {
        both_ways();
        INFO("life " << i);
        CHECK(memory::free_pages() == before);
    }
}

TEST_CASE("a foreign mapping outlives its domain, and its end frees it") {
    sim::start();
    auto life = [](bool unmap) {
        Guest toolstack{true};
        toolstack.tables();
        Guest guest;
        guest.tables();
        Mfn page = guest.pages[5];
        u16 id = guest.d.id.raw();
        REQUIRE(toolstack.set_entry(toolstack.slot(Guest::kForeignSlot), Pte::make(page, kRw), id) == 0);
        u64 free = memory::free_pages();
        sim::destroy_domain(guest.d);
        CHECK(memory::free_pages() > free);
        CHECK(page_of(page).references() == 1);
        CHECK(page_of(page).owner() == &guest.d);
        CHECK(domain::peek(DomId{id}) == &guest.d);
        if (unmap) {
            REQUIRE(toolstack.set_entry(toolstack.slot(Guest::kForeignSlot), Pte{}) == 0);
            CHECK(page_of(page).references() == 0);
        }
        sim::destroy_domain(toolstack.d);
        CHECK(page_of(page).references() == 0);
        CHECK(domain::peek(DomId{id}) == nullptr);
    };
    life(true);
    life(false);
    u64 before = memory::free_pages();
    for (unsigned i = 0; i < 50; ++i) life(i % 2);
    CHECK(memory::free_pages() == before);
}
