// SPDX-License-Identifier: MIT
// Rules that hold for calls of any kind: how often arguments are read, what a failure leaves behind, what waits for whom.
#include <catch2/catch.hpp>
#include <public/domctl.h>
#include <public/sched.h>
#include <public/version.h>
#include <xen/rangeset.hpp>
#include <xen/softirq.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <thread>

#include "common/event/channel.hpp"
#include "common/grant/table.hpp"
#include "event_calls.hpp"
#include "grant_calls.hpp"
#include "kernel.hpp"

using namespace xen;
using namespace xen::sim;

namespace {

xen_domctl control_op(u32 cmd, u16 domain) {
    xen_domctl op{};
    op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op.cmd = cmd;
    op.domain = domain;
    return op;
}

// How often a call reaches into the guest's memory.
template <class Call>
u64 copies_of(Call call) {
    u64 before = guest_copies();
    call();
    return guest_copies() - before;
}

// Does `op`, done on another CPU, wait while this one holds the lock? It gets time enough to be over.
template <class Held, class Lock, class Op>
bool waits_for(Lock& lock, Vcpu& v, Op op) {
    std::atomic<bool> begun{false}, done{false};
    std::thread other;
    bool waited = true;
    {
        Held held{lock};
        other = std::thread{[&] {
            On on{v, CpuId{2}};
            begun = true;
            op();
            done = true;
        }};
        while (!begun) std::this_thread::yield();
        for (unsigned i = 0; i < 100 && !done; ++i) std::this_thread::sleep_for(std::chrono::milliseconds{1});
        waited = !done;
    }
    other.join();
    return waited;
}

[[gnu::noinline]] void litter_stack() {
    volatile char litter[16384];
    for (volatile char& c : litter) c = '?';
}

}  // namespace

TEST_CASE("multicalls do not nest") {
    Kernel k;
    multicall_entry inner{}, outer{};
    inner.op = __HYPERVISOR_xen_version;
    inner.result = 99;
    outer.op = __HYPERVISOR_multicall;
    outer.args[0] = address(inner);
    outer.args[1] = 1;
    CHECK(sim::hypercall(__HYPERVISOR_multicall, address(outer), 1) == 0);
    CHECK(static_cast<s64>(outer.result) == -EINVAL);
    CHECK(inner.result == 99);
}

TEST_CASE("a multicall ends where it leaves the kernel") {
    Kernel k;
    k.state().guest_table_user = Mfn{0};
    iret_context f{};
    f.rax = static_cast<u64>(-85);                // looks like a restart, is the user's
    f.rip = kUserRip;
    f.cs = 0xe033;
    f.rflags = 0x202;
    multicall_entry calls[3]{};
    for (auto& c : calls) c.op = __HYPERVISOR_xen_version, c.result = 99;
    calls[1].op = __HYPERVISOR_iret;
    k.regs().rsp = address(f);
    load({__HYPERVISOR_multicall, {reinterpret_cast<u64>(calls), 3}});
    softirq::pending_mask.local().store(0, std::memory_order_relaxed);
    enter(false);
    CHECK(static_cast<s64>(k.regs().rax) == -85);
    CHECK(k.regs().rip == kUserRip);
    CHECK_FALSE(k.state().in_kernel);
    CHECK(calls[0].result == (4 << 16 | 17));
    CHECK(calls[2].result == 99);                 // not made for user mode
    k.state().guest_table_user = nothing;
}

TEST_CASE("a multicall yields between any two of its calls") {
    Kernel k;
    std::array<multicall_entry, 12> calls{};
    for (auto& c : calls) c.op = __HYPERVISOR_xen_version, c.result = 99;
    load({__HYPERVISOR_multicall, {address(calls), calls.size()}});
    unsigned yields = 0;
    while (!enter(true)) ++yields;
    softirq::pending_mask.local().store(0, std::memory_order_relaxed);
    CHECK(yields == calls.size() - 1);
    for (const auto& c : calls) CHECK(c.result == (4 << 16 | 17));
}

TEST_CASE("arguments are read once") {
    constexpr usize kApart = 256;                 // no argument crosses a page: accesses are counted by the page
    Pair p;
    Granting g;
    u32 at_a, at_b;
    p.connect(at_a, at_b);
    run_as(p.a);
    alignas(kApart) evtchn_send port{at_a};
    CHECK(copies_of([&] { event_op(EVTCHNOP_send, port); }) == 1);
    alignas(kApart) xen_domctl info = control_op(XEN_DOMCTL_getdomaininfo, p.b_id);
    CHECK(copies_of([&] { sim::hypercall(__HYPERVISOR_domctl, address(info)); }) == 2);
    CHECK(info.u.getdomaininfo.max_pages == p.b.max_pages);
    g.grant(8);
    Mfn mine = give_page(g.a);
    run_as(g.a);
    alignas(kApart) gnttab_copy copy{};
    copy.source.domid = g.b_id;
    copy.source.u.ref = 8;
    copy.dest.domid = DOMID_SELF;
    copy.dest.u.gmfn = mine.raw();
    copy.len = 16;
    copy.flags = GNTCOPY_source_gref;
    copy.status = 99;
    CHECK(copies_of([&] { grant_op(GNTTABOP_copy, &copy); }) == 2);
    CHECK(copy.status == GNTST_okay);
    alignas(kApart) mmu_update_t update{};
    update.ptr = g.slot(5);
    CHECK(copies_of([&] { sim::hypercall(__HYPERVISOR_mmu_update, address(update), 1, 0, DOMID_SELF); }) == 1);
    alignas(kApart) xen_pfn_t list[] = {mine.raw()};
    alignas(kApart) xen_memory_reservation r{};
    r.extent_start.p = list;
    r.nr_extents = 1;
    r.domid = DOMID_SELF;
    CHECK(copies_of([&] { sim::hypercall(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, address(r)); }) == 2);
    CHECK(page_of(mine).references() == 0);
}

TEST_CASE("a call that fails holds no lock") {
    Domain& d = control();
    On on{*d.vcpus[0]};
    for (unsigned i = 0; i < 3; ++i) {
        xen_domctl op = control_op(XEN_DOMCTL_pausedomain, d.id.raw());
        load({__HYPERVISOR_domctl, {address(op)}});
        REQUIRE(enter(false));
        CHECK(static_cast<s64>(current().arch.regs.rax) == -EINVAL);
    }
}

TEST_CASE("what is changed under a lock waits for it") {
    Granting g;
    Vcpu& v = *g.b.vcpus[0];
    run_as(g.a);
    using TablesLock = std::remove_reference_t<decltype(g.b.arch.tables_lock)>;
    using PageLock = std::remove_reference_t<decltype(g.b.page_lock)>;
    using EventLock = std::remove_reference_t<decltype(g.b.events->lock)>;
    using DomainLock = std::remove_reference_t<decltype(g.b.lock)>;
    SECTION("page tables") {
        Mfn table = give_page(g.b);
        CHECK(waits_for<Guard<TablesLock>>(g.b.arch.tables_lock, v, [&] { mmuext(MMUEXT_PIN_L1_TABLE, table); }));
        CHECK(waits_for<Guard<TablesLock>>(g.b.arch.tables_lock, v, [&] {
            mmu_update_t u{};
            u.ptr = address_of(table).raw();
            sim::hypercall(__HYPERVISOR_mmu_update, address(u), 1, 0, DOMID_SELF);
        }));
        CHECK(waits_for<Guard<TablesLock>>(g.b.arch.tables_lock, v,
                                           [&] { sim::hypercall(__HYPERVISOR_update_va_mapping, 0x1000, 0, 0); }));
        CHECK(waits_for<Guard<TablesLock>>(g.b.arch.tables_lock, v, [&] {
            mmuext_op op{};
            op.cmd = MMUEXT_NEW_USER_BASEPTR;
            sim::hypercall(__HYPERVISOR_mmuext_op, address(op), 1, 0, DOMID_SELF);
        }));
    }
    SECTION("grants") {
        CHECK(waits_for<WriteGuard<LockRank::grant_table>>(g.b.grants->lock, v, [&] {
            gnttab_swap_grant_ref op{8, 9, 0};
            grant_op(GNTTABOP_swap_grant_ref, &op);
        }));
        CHECK(waits_for<ReadGuard<LockRank::grant_table>>(g.b.grants->lock, v, [&] {
            gnttab_set_version op{2};
            grant_op(GNTTABOP_set_version, &op);
        }));
        CHECK(waits_for<WriteGuard<LockRank::grant_table>>(g.b.grants->lock, *g.a.vcpus[0], [&] { g.map(9); }));
    }
    SECTION("ports") {
        u32 port = 0;
        CHECK(waits_for<Guard<EventLock>>(g.b.events->lock, v, [&] { bind_ipi(0, port); }));
        CHECK(waits_for<Guard<EventLock>>(g.b.events->lock, v, [&] { bind_virq(VIRQ_TIMER, 0, port); }));
        CHECK(waits_for<Guard<EventLock>>(g.b.events->lock, v, [&] { close_port(port); }));
    }
    SECTION("what a domain owns and is") {
        CHECK(waits_for<Guard<PageLock>>(g.b.page_lock, v, [&] { static_cast<void>(memory::allocate_domain_pages(g.b, {})); }));
        CHECK(waits_for<Guard<DomainLock>>(g.b.lock, v, [&] { static_cast<void>(domain::pause_by_controller(g.b)); }));
    }
}

TEST_CASE("texts are told with nothing behind their end") {
    Kernel k;
    for (u32 what : {XENVER_extraversion, XENVER_capabilities, XENVER_changeset, XENVER_commandline}) {
        static char text[2048];
        std::fill(std::begin(text), std::end(text), '!');
        litter_stack();
        REQUIRE(sim::hypercall(__HYPERVISOR_xen_version, what, reinterpret_cast<u64>(text)) == 0);
        auto end = std::find(std::begin(text), std::end(text), '\0');
        auto behind = std::find(end, std::end(text), '!');
        CHECK(std::all_of(end, behind, [](char c) { return c == '\0'; }));
    }
}

TEST_CASE("nobody gives a right that he does not have") {
    Domain& d = control();
    Domain& other = create_domain();
    {
        On on{*d.vcpus[0]};
        xen_domctl ports = control_op(XEN_DOMCTL_ioport_permission, other.id.raw());
        ports.u.ioport_permission.first_port = 0x9000;
        ports.u.ioport_permission.nr_ports = 16;
        ports.u.ioport_permission.allow_access = 1;
        CHECK(sim::hypercall(__HYPERVISOR_domctl, address(ports)) == -EPERM);
        CHECK(other.io_ports->empty());
        xen_domctl memory = control_op(XEN_DOMCTL_iomem_permission, other.id.raw());
        memory.u.iomem_permission.first_mfn = ~u64{0};
        memory.u.iomem_permission.nr_mfns = 3;
        memory.u.iomem_permission.allow_access = 1;
        CHECK(sim::hypercall(__HYPERVISOR_domctl, address(memory)) == -EINVAL);
        memory.u.iomem_permission.first_mfn = 0xfeb00;
        CHECK(sim::hypercall(__HYPERVISOR_domctl, address(memory)) == -EPERM);
        CHECK(other.io_memory->empty());
    }
    destroy_domain(other);
}
