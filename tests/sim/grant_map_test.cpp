// SPDX-License-Identifier: MIT
// Mapping what another domain grants: marks, references and handles, each given back.
#include <catch2/catch.hpp>
#include <xen/grant.hpp>
#include <xen/softirq.hpp>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "common/grant/table.hpp"
#include "grant_calls.hpp"

using namespace xen;
using namespace xen::sim;

TEST_CASE("a mapping marks the entry, holds the page, and gives both back") {
    Granting g;
    g.grant(8);
    auto m = g.map(8);
    REQUIRE(m.status == GNTST_okay);
    CHECK(m.dev_bus_addr == g.page.raw() << 12);
    CHECK(g.v1[8].flags == (GTF_permit_access | GTF_reading | GTF_writing));
    CHECK(page_of(g.page).references() == 2);
    CHECK(page_of(g.page).type_uses() == 1);
    auto again = g.map(8, GNTMAP_host_map | GNTMAP_readonly, 1);
    REQUIRE(again.status == GNTST_okay);
    CHECK(again.handle != m.handle);
    CHECK(page_of(g.page).references() == 3);
    CHECK(page_of(g.page).type_uses() == 1);
    CHECK((g.entry(0) >> 12 & 0xffffffffff) == g.page.raw());
    CHECK(g.entry(0) & 2);
    CHECK(!(g.entry(1) & 2));
    CHECK(g.unmap(m.handle) == GNTST_okay);
    CHECK(g.entry(0) == 0);
    CHECK(g.v1[8].flags == (GTF_permit_access | GTF_reading));
    CHECK(g.unmap(again.handle, 1) == GNTST_okay);
    CHECK(g.v1[8].flags == GTF_permit_access);
    CHECK(page_of(g.page).references() == 1);
    CHECK(page_of(g.page).type_uses() == 0);
    CHECK(g.unmap(m.handle) == GNTST_bad_handle);
    CHECK(g.entry(1) == 0);
}

TEST_CASE("what cannot be mapped") {
    Granting g;
    g.grant(8);
    CHECK(g.map(8, 0).status == GNTST_bad_gntref);
    CHECK(g.map(8, GNTMAP_host_map, 0, kNobody).status == GNTST_bad_domain);
    CHECK(g.map(8, GNTMAP_host_map, 0, DOMID_SELF).status == GNTST_bad_domain);
    CHECK(g.map(512).status == GNTST_bad_gntref);
    CHECK(g.map(511).status == GNTST_general_error);
    g.grant(9, 0, kNobody);
    CHECK(g.map(9).status == GNTST_general_error);
    g.grant(10, GTF_readonly);
    CHECK(g.map(10).status == GNTST_general_error);
    auto m = g.map(10, GNTMAP_host_map | GNTMAP_readonly);
    CHECK(m.status == GNTST_okay);
    CHECK(g.map(10).status == GNTST_general_error);
    CHECK(g.v1[10].flags == (GTF_permit_access | GTF_readonly | GTF_reading));
    CHECK(g.unmap(m.handle) == GNTST_okay);
    g.grant(11, GTF_sub_page);
    CHECK(g.map(11).status == GNTST_general_error);
    g.grant(12);
    g.v1[12].frame = static_cast<u32>(give_page(g.a).raw());
    CHECK(g.map(12).status == GNTST_bad_page);
    CHECK(g.v1[12].flags == GTF_permit_access);
    g.v1[12].frame = ~0u;
    CHECK(g.map(12).status == GNTST_bad_page);
    // No page-table entry for it: everything as before.
    Mfn table = std::exchange(g.table, give_page(g.a));
    CHECK(g.map(8).status == GNTST_general_error);
    g.table = table;
    CHECK(g.v1[8].flags == GTF_permit_access);
    CHECK(page_of(g.page).references() == 1);
    // The page is in use as a page table.
    run_as(g.b);
    REQUIRE(mmuext(MMUEXT_PIN_L1_TABLE, g.page) == 0);
    CHECK(g.map(8).status == GNTST_general_error);
    CHECK(g.map(8, GNTMAP_host_map | GNTMAP_device_map).status == GNTST_general_error);
    CHECK(g.v1[8].flags == GTF_permit_access);
    CHECK(page_of(g.page).references() == 2);
    run_as(g.b);
    REQUIRE(mmuext(MMUEXT_UNPIN_TABLE, g.page) == 0);
}

TEST_CASE("device and host part of one mapping go separately") {
    Granting g;
    g.grant(8);
    auto m = g.map(8, GNTMAP_host_map | GNTMAP_device_map);
    REQUIRE(m.status == GNTST_okay);
    CHECK(page_of(g.page).references() == 3);
    CHECK(page_of(g.page).type_uses() == 2);
    CHECK(g.unmap(m.handle, g.kNowhere, m.dev_bus_addr + 4096) == GNTST_bad_dev_addr);
    CHECK(g.unmap(m.handle, g.kNowhere, m.dev_bus_addr) == GNTST_okay);
    CHECK(page_of(g.page).references() == 2);
    CHECK(g.v1[8].flags & GTF_writing);
    CHECK(g.unmap(m.handle, 1) == GNTST_general_error);   // not there: still mapped
    CHECK(g.v1[8].flags & GTF_writing);
    CHECK(g.unmap(m.handle) == GNTST_okay);
    CHECK(page_of(g.page).references() == 1);
    CHECK(g.v1[8].flags == GTF_permit_access);
    // Nothing named, nothing unmapped.
    m = g.map(8);
    CHECK(g.unmap(m.handle, g.kNowhere) == GNTST_okay);
    CHECK(g.v1[8].flags & GTF_writing);
    CHECK(g.unmap(m.handle) == GNTST_okay);
    CHECK(g.unmap(100000) == GNTST_bad_handle);
}

TEST_CASE("a long batch yields and goes on") {
    Granting g;
    g.grant(8);
    gnttab_map_grant_ref ops[40]{};
    gnttab_unmap_grant_ref u[40]{};
    for (u32 i = 0; i < 40; ++i) ops[i] = {g.slot(i), GNTMAP_host_map | GNTMAP_contains_pte, 8, g.b_id, 99, 0, 0};
    run_as(g.a);
    // One round at a time, as the dispatcher sees it.
    softirq::raise(softirq::Kind::rcu);
    GuestInOut<void> at{reinterpret_cast<u64>(ops)};
    CHECK(abi_value(grant::grant_table_op(GNTTABOP_map_grant_ref, at, 40)) == error(Errno::restart));
    auto& f = hypercall::frame();
    CHECK(f.args[0] == GNTTABOP_map_grant_ref);
    CHECK(f.args[1] == reinterpret_cast<u64>(&ops[1]));
    CHECK(f.args[2] == 39);
    CHECK(grant_op(GNTTABOP_map_grant_ref, ops + 1, 39) == 0);
    for (u32 i = 0; i < 40; ++i) {
        REQUIRE(ops[i].status == GNTST_okay);
        u[i].host_addr = ops[i].host_addr;
        u[i].handle = ops[i].handle;
    }
    CHECK(page_of(g.page).type_uses() == 40);
    u64 flushes = sim::flushes();
    softirq::raise(softirq::Kind::rcu);
    CHECK(grant_op(GNTTABOP_unmap_grant_ref, u, 40) == 0);
    CHECK(sim::flushes() - flushes <= 2);
    CHECK(page_of(g.page).references() == 1);
    CHECK(g.v1[8].flags == GTF_permit_access);
}

TEST_CASE("handles run out at the domain's limit and come back") {
    grant::MapTrack track{3};
    std::vector<u32> handles;
    for (;;) {
        grant::MapTrack::Handle h = track.take();
        if (!h.record) break;
        CHECK(&track.at(h.number) == h.record);
        handles.push_back(h.number);
    }
    CHECK(handles.size() == 3 * grant::MapTrack::kPerPage);
    CHECK(std::set<u32>(handles.begin(), handles.end()).size() == handles.size());
    track.give(track.at(handles[500]), handles[500]);
    CHECK(track.take().number == handles[500]);
    CHECK(!track.take().record);
}

TEST_CASE("two vCPUs that unmap the same handle: one is told that it is none") {
    Granting g;
    g.grant(8);
    constexpr u32 kRounds = 2000;
    std::atomic<u32> handle{0}, okay{0}, bad{0}, round{0}, done{0};
    auto racer = [&](u32 cpu) {
        sim::On on{*g.a.vcpus[cpu], CpuId{cpu}};
        for (u32 i = 1; i <= kRounds; ++i) {
            while (round.load() < i) std::this_thread::yield();
            gnttab_unmap_grant_ref op{};
            op.host_addr = g.slot(0);
            op.handle = handle.load();
            grant_op(GNTTABOP_unmap_grant_ref, &op);
            if (op.status == GNTST_okay) ++okay;
            else if (op.status == GNTST_bad_handle) ++bad;
            ++done;
        }
    };
    std::thread threads[] = {std::thread{racer, 0}, std::thread{racer, 1}};
    for (u32 i = 1; i <= kRounds; ++i) {
        gnttab_map_grant_ref op{};
        {
            sim::On on{*g.a.vcpus[0], CpuId{2}};   // the racers stand on the other two
            op = g.map(8);
        }
        if (op.status != GNTST_okay) std::abort();
        handle = op.handle;
        done = 0;
        round = i;
        while (done.load() < 2) std::this_thread::yield();
    }
    for (auto& t : threads) t.join();
    CHECK(okay == kRounds);
    CHECK(bad == kRounds);
    CHECK(g.v1[8].flags == GTF_permit_access);
}

TEST_CASE("marks on shared words") {
    using namespace grant;
    grant_entry_v1 e{GTF_permit_access, 3, 77};
    SharedEntry s{reinterpret_cast<u32*>(&e), &e.flags, false};
    CHECK(s.frame() == 77);
    CHECK(mark_used(s, {DomId{3}, true, true, false}) == GNTST_okay);
    CHECK(e.flags == (GTF_permit_access | GTF_reading));
    CHECK(mark_used(s, {DomId{4}, true, true, false}) == GNTST_general_error);
    Pins pins{Pins::unit_of(GNTMAP_host_map)};
    mark_unused(s, pins, true);
    CHECK(e.flags == (GTF_permit_access | GTF_reading));
    pins.counts = 0;
    mark_unused(s, pins, true);
    CHECK(e.flags == GTF_permit_access);
    pins.counts = 0x8000 * Pins::kHostRead;
    CHECK(pins.full_for(Pins::kHostRead));
    CHECK(!pins.full_for(Pins::kHostWrite));
    CHECK(!pins.has_writers());
    CHECK(!commit_transfer(s, DomId{3}));
    e.flags = GTF_accept_transfer;
    CHECK(!commit_transfer(s, DomId{4}));
    CHECK(commit_transfer(s, DomId{3}));
    CHECK(!commit_transfer(s, DomId{3}));
}
