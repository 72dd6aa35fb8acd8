// SPDX-License-Identifier: MIT
// Rules of grants, one by one: what both sides may rely on whatever the other does.
#include <catch2/catch.hpp>
#include <xen/grant.hpp>
#include <xen/softirq.hpp>

#include <vector>

#include "grant_calls.hpp"

using namespace xen;
using namespace xen::sim;

namespace {

gnttab_map_grant_ref map_for_device(u16 from, u32 ref, u32 flags = 0) {
    gnttab_map_grant_ref op{};
    op.flags = GNTMAP_device_map | flags;
    op.ref = ref;
    op.dom = from;
    REQUIRE(grant_op(GNTTABOP_map_grant_ref, &op) == 0);
    return op;
}

gnttab_copy copy_by_ref(u16 from, u32 ref, Mfn to) {
    gnttab_copy op{};
    op.source.domid = from;
    op.source.u.ref = ref;
    op.dest.domid = DOMID_SELF;
    op.dest.u.gmfn = to.raw();
    op.len = 16;
    op.flags = GNTCOPY_source_gref;
    op.status = 99;
    return op;
}

}  // namespace

TEST_CASE("a map that fails keeps no handle") {
    Granting g;
    g.grant(8);
    auto m = g.map(8);
    REQUIRE(m.status == GNTST_okay);
    REQUIRE(g.unmap(m.handle) == GNTST_okay);
    for (unsigned i = 0; i < 20; ++i) CHECK(g.map(511).status == GNTST_general_error);
    auto again = g.map(8);
    CHECK(again.handle == m.handle);
    CHECK(g.unmap(again.handle) == GNTST_okay);
}

TEST_CASE("copies that yield lose no element") {
    Granting g;
    g.grant(8);
    Mfn mine = give_page(g.a);
    run_as(g.a);
    std::vector<gnttab_copy> ops(50, copy_by_ref(g.b_id, 8, mine));
    load({__HYPERVISOR_grant_table_op, {GNTTABOP_copy, address(ops[0]), ops.size()}});
    unsigned yields = 0;
    while (!enter(true)) ++yields;
    softirq::pending_mask.local().store(0, std::memory_order_relaxed);
    CHECK(yields == ops.size() - 1);
    for (const auto& op : ops) CHECK(op.status == GNTST_okay);
}

TEST_CASE("a transitive grant leads to no other one, and not back to its owner") {
    Granting g;
    u16* status;
    auto* v2 = g.to_v2(status);
    Domain& c = create_domain();
    run_as(c);
    auto* theirs_v1 = grant_table();
    gnttab_set_version version{2};
    REQUIRE(grant_op(GNTTABOP_set_version, &version) == 0);
    auto* theirs = reinterpret_cast<grant_entry_v2*>(theirs_v1);
    // a <- b:30 <- c:8 <- b:31, a page that c may read.
    v2[30].transitive.trans_domid = c.id.raw();
    v2[30].transitive.gref = 8;
    v2[30].hdr = {GTF_transitive, g.a_id};
    theirs[8].transitive.trans_domid = g.b_id;
    theirs[8].transitive.gref = 31;
    theirs[8].hdr = {GTF_transitive, g.b_id};
    v2[31].full_page.frame = g.page.raw();
    v2[31].hdr = {GTF_permit_access, c.id.raw()};
    Mfn mine = give_page(g.a);
    run_as(g.a);
    auto op = copy_by_ref(g.b_id, 30, mine);
    CHECK(grant_op(GNTTABOP_copy, &op) == 0);
    CHECK(op.status == GNTST_general_error);
    CHECK(status[30] == 0);
    // b to itself, by an entry that would permit it.
    v2[33].full_page.frame = g.page.raw();
    v2[33].hdr = {GTF_permit_access, g.b_id};
    v2[32].transitive.trans_domid = g.b_id;
    v2[32].transitive.gref = 33;
    v2[32].hdr = {GTF_transitive, g.a_id};
    op = copy_by_ref(g.b_id, 32, mine);
    CHECK(grant_op(GNTTABOP_copy, &op) == 0);
    CHECK(op.status == GNTST_general_error);
    CHECK(status[32] == 0);
    CHECK(page_of(g.page).references() == 1);
    arch::set_current_vcpu(g.outer);
    destroy_domain(c);
}

TEST_CASE("status frames are told as far as there are any") {
    Granting g;
    u16* status;
    g.to_v2(status);
    u64 frames[9]{};
    gnttab_get_status_frames f{};
    f.nr_frames = 9;
    f.dom = DOMID_SELF;
    f.frame_list.p = frames;
    CHECK(grant_op(GNTTABOP_get_status_frames, &f) == 0);
    CHECK(f.status == GNTST_general_error);
}

TEST_CASE("a mapper that has died leaves neither mark nor reference") {
    Granting g;
    Domain& mapper = create_domain();
    g.grant(8, 0, mapper.id.raw());
    g.grant(9, 0, mapper.id.raw());
    run_as(mapper);
    REQUIRE(map_for_device(g.b_id, 8).status == GNTST_okay);
    REQUIRE(map_for_device(g.b_id, 8, GNTMAP_readonly).status == GNTST_okay);
    REQUIRE(map_for_device(g.b_id, 9, GNTMAP_readonly).status == GNTST_okay);
    CHECK(page_of(g.page).references() == 4);
    arch::set_current_vcpu(g.outer);
    destroy_domain(mapper);
    CHECK(g.v1[8].flags == GTF_permit_access);
    CHECK(g.v1[9].flags == GTF_permit_access);
    CHECK(page_of(g.page).references() == 1);
    CHECK(page_of(g.page).type_uses() == 0);
}

TEST_CASE("a page-table entry is named by its own address") {
    Granting g;
    g.grant(8);
    run_as(g.a);
    gnttab_map_grant_ref op{};
    op.flags = GNTMAP_host_map | GNTMAP_contains_pte;
    op.ref = 8;
    op.dom = g.b_id;
    for (u64 off : {1, 4, 7}) {
        op.host_addr = g.slot(0) + off;
        CHECK(grant_op(GNTTABOP_map_grant_ref, &op) == 0);
        CHECK(op.status == GNTST_general_error);
    }
    CHECK(g.entry(0) == 0);
    CHECK(g.v1[8].flags == GTF_permit_access);
}

TEST_CASE("an unmap ends the mapping that it names, and no other") {
    Granting g;
    Mfn other = give_page(g.b);
    g.grant(8);
    g.grant(9);
    g.v1[9].frame = static_cast<u32>(other.raw());
    auto writes = g.map(8, GNTMAP_host_map, 0);
    auto others = g.map(9, GNTMAP_host_map, 1);
    auto reads = g.map(8, GNTMAP_host_map | GNTMAP_readonly, 2);
    REQUIRE((writes.status == GNTST_okay && others.status == GNTST_okay && reads.status == GNTST_okay));
    CHECK(g.unmap(writes.handle, 1) == GNTST_general_error);   // another frame is there
    CHECK(g.unmap(writes.handle, 2) == GNTST_general_error);   // the frame, but read-only
    CHECK(g.unmap(reads.handle, 0) == GNTST_general_error);    // the frame, but writable
    CHECK(page_of(g.page).type_uses() == 1);
    CHECK(page_of(g.page).references() == 3);
    CHECK(g.unmap(writes.handle, 0) == GNTST_okay);
    CHECK(g.unmap(reads.handle, 2) == GNTST_okay);
    CHECK(g.unmap(others.handle, 1) == GNTST_okay);
    CHECK(page_of(other).references() == 1);
}

TEST_CASE("a mapping that may only read is not writable, whatever its kind") {
    Granting g;
    g.grant(8, GTF_readonly);
    auto m = g.map(8, GNTMAP_host_map | GNTMAP_device_map | GNTMAP_readonly);
    REQUIRE(m.status == GNTST_okay);
    CHECK_FALSE((g.entry(0) & 2));
    CHECK(page_of(g.page).type_uses() == 0);
    CHECK(g.v1[8].flags == (GTF_permit_access | GTF_readonly | GTF_reading));
    CHECK(g.unmap(m.handle, 0, m.dev_bus_addr) == GNTST_okay);
    Mfn mine = give_page(g.a);
    run_as(g.a);
    auto op = copy_by_ref(DOMID_SELF, 0, mine);
    op.flags = GNTCOPY_dest_gref;
    op.source.u.gmfn = mine.raw();
    op.dest.domid = g.b_id;
    op.dest.u.ref = 8;
    CHECK(grant_op(GNTTABOP_copy, &op) == 0);
    CHECK(op.status == GNTST_general_error);
}

TEST_CASE("a granted page goes back after it has left the TLBs") {
    Granting g;
    g.a.dirty_cpus.atomic_set(1);
    g.grant(8);
    auto m = g.map(8);
    REQUIRE(m.status == GNTST_okay);
    u64 before = flushes();
    CHECK(g.unmap(m.handle) == GNTST_okay);
    CHECK(flushes() > before);
    Mfn mine = give_page(g.a);
    g.v1[9] = {GTF_accept_transfer, g.a_id, 1234};
    run_as(g.a);
    gnttab_transfer op{};
    op.mfn = mine.raw();
    op.domid = g.b_id;
    op.ref = 9;
    before = flushes();
    CHECK(grant_op(GNTTABOP_transfer, &op) == 0);
    CHECK(op.status == GNTST_okay);
    CHECK(flushes() > before);
    g.a.dirty_cpus.atomic_clear(1);
}

TEST_CASE("uses of a grant are counted up to a limit") {
    Granting g;
    g.grant(8);
    run_as(g.a);
    std::vector<gnttab_map_grant_ref> ops(40'000);
    for (auto& op : ops) op.flags = GNTMAP_device_map | GNTMAP_readonly, op.ref = 8, op.dom = g.b_id;
    REQUIRE(grant_op(GNTTABOP_map_grant_ref, &ops[0], static_cast<u32>(ops.size())) == 0);
    u32 mapped = 0;
    for (const auto& op : ops) mapped += op.status == GNTST_okay;
    CHECK(mapped < ops.size());
    CHECK(ops.back().status == GNTST_general_error);
    CHECK(page_of(g.page).references() == 1 + mapped);
}

TEST_CASE("a page that nobody takes goes back to the machine") {
    Granting g;
    Mfn mine = give_page(g.a);
    run_as(g.a);
    gnttab_transfer op{};
    op.mfn = mine.raw();
    op.domid = g.b_id;
    op.ref = 20;                                  // no entry that waits
    u64 free = memory::free_pages(), had = g.a.tot_pages;
    CHECK(grant_op(GNTTABOP_transfer, &op) == 0);
    CHECK(op.status == GNTST_general_error);
    CHECK(g.a.tot_pages == had - 1);
    CHECK(memory::free_pages() == free + 1);
}
