// SPDX-License-Identifier: MIT
// Grant tables between two domains: arguments of the calls, the tables themselves, death in either order.
#include <catch2/catch.hpp>
#include <xen/grant.hpp>
#include <xen/memory.hpp>

#include <set>

#include "grant_calls.hpp"

using namespace xen;
using namespace xen::sim;

TEST_CASE("arguments of the call itself") {
    Granting g;
    run_as(g.a);
    gnttab_map_grant_ref op{};
    CHECK(grant_op(GNTTABOP_map_grant_ref, &op, 0x80000000) == error(Errno::inval));
    CHECK(grant_op(GNTTABOP_map_grant_ref | 1 << 12, &op) == error(Errno::inval));
    CHECK(grant_op(GNTTABOP_dump_table, &op) == error(Errno::nosys));
    CHECK(grant_op(99, &op) == error(Errno::nosys));
    CHECK(sim::hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, arch::kXenStart, 1) == error(Errno::fault));
    gnttab_query_size q{};
    q.dom = DOMID_SELF;
    CHECK(grant_op(GNTTABOP_query_size, &q, 2) == error(Errno::inval));
    CHECK(grant_op(GNTTABOP_query_size, &q) == 0);
    CHECK(q.status == GNTST_okay);
    CHECK(q.nr_frames == 1);
    CHECK(q.max_nr_frames == 64);
    q.dom = kNobody;
    CHECK(grant_op(GNTTABOP_query_size, &q) == 0);
    CHECK(q.status == GNTST_bad_domain);
    run_as(g.b);
    q.dom = g.a_id;
    CHECK(grant_op(GNTTABOP_query_size, &q) == 0);
    CHECK(q.status == GNTST_permission_denied);
    gnttab_get_version v{};
    v.dom = g.a_id;
    CHECK(grant_op(GNTTABOP_get_version, &v) == error(Errno::perm));
    v.dom = kNobody;
    CHECK(grant_op(GNTTABOP_get_version, &v) == error(Errno::srch));
    v.dom = DOMID_SELF;
    CHECK(grant_op(GNTTABOP_get_version, &v) == 0);
    CHECK(v.version == 1);
    u64 frames[65]{};
    gnttab_setup_table s{};
    s.dom = DOMID_SELF;
    s.nr_frames = 65;
    s.frame_list.p = frames;
    CHECK(grant_op(GNTTABOP_setup_table, &s) == 0);
    CHECK(s.status == GNTST_general_error);
    s.nr_frames = 64;
    CHECK(grant_op(GNTTABOP_setup_table, &s) == 0);
    CHECK(s.status == GNTST_okay);
    for (u32 i = 0; i < 64; ++i) CHECK(page_of(Mfn{frames[i]}).owner() == &g.b);
    CHECK(std::set<u64>(frames, frames + 64).size() == 64);
}

TEST_CASE("entries are swapped only while nobody uses them") {
    Granting g;
    g.grant(8);
    g.grant(9, GTF_readonly, kNobody);
    run_as(g.b);
    gnttab_swap_grant_ref op{8, 9, 99};
    CHECK(grant_op(GNTTABOP_swap_grant_ref, &op) == 0);
    CHECK(op.status == GNTST_okay);
    CHECK(g.v1[8].domid == kNobody);
    CHECK(g.v1[9].flags == GTF_permit_access);
    auto m = g.map(9);
    REQUIRE(m.status == GNTST_okay);
    run_as(g.b);
    CHECK(grant_op(GNTTABOP_swap_grant_ref, &op) == 0);
    CHECK(op.status == GNTST_eagain);
    op = {9, 9, 99};
    CHECK(grant_op(GNTTABOP_swap_grant_ref, &op) == 0);
    CHECK(op.status == GNTST_okay);
    op = {9, 512, 99};
    CHECK(grant_op(GNTTABOP_swap_grant_ref, &op) == 0);
    CHECK(op.status == GNTST_bad_gntref);
    CHECK(g.unmap(m.handle) == GNTST_okay);
}

TEST_CASE("frames for the toolstack") {
    Granting g;
    auto first = grant::frame_of(g.a, 0, false);
    REQUIRE(first);
    CHECK(grant::frame_of(g.a, 0, false).value() == first.value());
    CHECK(grant::frame_of(g.a, 3, false));
    CHECK(grant::frame_count(g.a) == 4);
    CHECK(grant::frame_of(g.a, 64, false).error() == Errno::inval);
    CHECK(grant::frame_of(g.a, ~u64{0}, false).error() == Errno::inval);
    CHECK(grant::frame_of(g.a, 0, true).error() == Errno::inval);   // version 1 has none
    u16* status;
    g.to_v2(status);
    CHECK(grant::frame_of(g.b, 0, true));
    CHECK(grant::frame_of(g.b, 2, true));
    CHECK(grant::frame_count(g.b) == 24);
    CHECK(grant::frame_of(g.b, 8, true).error() == Errno::inval);
    CHECK(grant::max_status_frame_count(g.b) == 8);
}

TEST_CASE("a dying mapper gives its uses back, and its tables the pages") {
    Granting g;
    g.grant(8);
    g.grant(9);
    REQUIRE(g.map(8).status == GNTST_okay);
    REQUIRE(g.map(9, GNTMAP_device_map | GNTMAP_readonly).status == GNTST_okay);
    CHECK(page_of(g.page).references() == 3);
}

TEST_CASE("a granter that dies first keeps its page until it is unmapped") {
    Granting g;
    Domain& c = sim::create_domain();
    run_as(c);
    auto* theirs = grant_table();
    Mfn page = give_page(c);
    theirs[8] = {GTF_permit_access, g.a_id, static_cast<u32>(page.raw())};
    u16 id = c.id.raw();
    auto m = g.map(8, GNTMAP_host_map, 0, id);
    REQUIRE(m.status == GNTST_okay);
    arch::set_current_vcpu(g.outer);
    sim::destroy_domain(c);
    CHECK(page_of(page).references() == 1);
    CHECK(page_of(page).owner() == &c);
    auto more = g.map(8, GNTMAP_host_map, 1, id);   // ABI: what is in use can be mapped again
    REQUIRE(more.status == GNTST_okay);
    CHECK(g.unmap(more.handle, 1) == GNTST_okay);
    CHECK(g.unmap(m.handle) == GNTST_okay);
    CHECK(page_of(page).references() == 0);
    CHECK(g.map(8, GNTMAP_host_map, 1, id).status == GNTST_bad_domain);
}

TEST_CASE("a hundred lives with grants leave no page behind") {
    auto life = [] {
        Granting g;
        u16* status;
        g.grant(1);
        REQUIRE(g.map(1).status == GNTST_okay);
        g.to_v2(status);
        CHECK(grant::frame_of(g.a, 9, false));
    };
    life();
    u64 before = memory::free_pages();
    for (int i = 0; i < 100; ++i) life();
    CHECK(memory::free_pages() == before);
}
