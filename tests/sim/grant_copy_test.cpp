// SPDX-License-Identifier: MIT
// Grants that are copied from, copied to or transferred, in both versions of the table.
#include <asm/mm.hpp>
#include <catch2/catch.hpp>
#include <xen/grant.hpp>

#include "grant_calls.hpp"

using namespace xen;
using namespace xen::sim;

namespace {

gnttab_copy copy_of(u16 flags, u16 from, u64 source, u16 to, u64 dest, u16 len, u16 from_at = 0, u16 to_at = 0) {
    gnttab_copy op{};
    op.flags = flags;
    op.source.domid = from;
    op.dest.domid = to;
    if (flags & GNTCOPY_source_gref) op.source.u.ref = static_cast<u32>(source);
    else op.source.u.gmfn = source;
    if (flags & GNTCOPY_dest_gref) op.dest.u.ref = static_cast<u32>(dest);
    else op.dest.u.gmfn = dest;
    op.len = len;
    op.source.offset = from_at;
    op.dest.offset = to_at;
    op.status = 99;
    return op;
}

char* bytes(Mfn f) { return static_cast<char*>(arch::direct_map(f)); }

}  // namespace

TEST_CASE("copies, by reference and by frame") {
    Granting g;
    g.grant(8);
    Mfn mine = give_page(g.a);
    for (u32 i = 0; i < 4096; ++i) bytes(g.page)[i] = static_cast<char>(i * 7);
    run_as(g.a);
    gnttab_copy ops[] = {
        copy_of(GNTCOPY_source_gref, g.b_id, 8, DOMID_SELF, mine.raw(), 100, 10, 20),
        copy_of(GNTCOPY_source_gref, g.b_id, 8, DOMID_SELF, mine.raw(), 64, 4032, 0),
        copy_of(GNTCOPY_source_gref, g.b_id, 8, DOMID_SELF, mine.raw(), 65, 4032, 0),
        copy_of(GNTCOPY_dest_gref, DOMID_SELF, mine.raw(), g.b_id, 8, 4096),
        copy_of(0, g.b_id, g.page.raw(), DOMID_SELF, mine.raw(), 8),
        copy_of(GNTCOPY_source_gref, kNobody, 8, DOMID_SELF, mine.raw(), 8),
        copy_of(GNTCOPY_source_gref, g.b_id, 600, DOMID_SELF, mine.raw(), 8),
        copy_of(GNTCOPY_source_gref, g.b_id, 9, DOMID_SELF, mine.raw(), 8),
        copy_of(0, DOMID_SELF, g.page.raw(), DOMID_SELF, mine.raw(), 8),
        copy_of(0, DOMID_SELF, mine.raw(), DOMID_SELF, mine.raw(), 8, 0, 4000),
        copy_of(0, DOMID_SELF, mine.raw(), g.b_id, g.page.raw(), 8),
    };
    CHECK(grant_op(GNTTABOP_copy, ops, 3) == 0);
    CHECK(ops[0].status == GNTST_okay);
    CHECK(memcmp(bytes(mine) + 64, bytes(g.page) + 54, 56) == 0);
    CHECK(ops[1].status == GNTST_okay);
    CHECK(memcmp(bytes(mine), bytes(g.page) + 4032, 64) == 0);
    CHECK(ops[2].status == GNTST_bad_copy_arg);
    CHECK(grant_op(GNTTABOP_copy, ops + 3, 8) == 0);
    s16 expected[] = {GNTST_okay,        GNTST_permission_denied, GNTST_bad_domain, GNTST_bad_gntref,
                      GNTST_general_error, GNTST_bad_page,        GNTST_okay,       GNTST_permission_denied};
    for (u32 i = 0; i < 8; ++i) CHECK(ops[3 + i].status == expected[i]);
    CHECK(memcmp(bytes(mine), bytes(g.page), 4096) != 0);   // the last good one changed mine
    CHECK(g.v1[8].flags == GTF_permit_access);
    CHECK(page_of(g.page).references() == 1);
    CHECK(page_of(mine).references() == 1);
    CHECK(page_of(mine).type_uses() == 0);
    // Read-only grants are not written.
    g.grant(10, GTF_readonly);
    ops[0] = copy_of(GNTCOPY_dest_gref, DOMID_SELF, mine.raw(), g.b_id, 10, 8);
    CHECK(grant_op(GNTTABOP_copy, ops) == 0);
    CHECK(ops[0].status == GNTST_general_error);
    // By a frame after by a reference of the same number: nothing is mixed up.
    ops[0] = copy_of(GNTCOPY_source_gref, g.b_id, 8, DOMID_SELF, mine.raw(), 8);
    ops[1] = copy_of(0, g.b_id, 8, DOMID_SELF, mine.raw(), 8);
    CHECK(grant_op(GNTTABOP_copy, ops, 2) == 0);
    CHECK(ops[1].status == GNTST_permission_denied);
}

TEST_CASE("version 2: status words, parts of pages, and back") {
    Granting g;
    u16* status;
    g.grant(1);
    g.grant(8);
    auto m = g.map(8);
    REQUIRE(m.status == GNTST_okay);
    run_as(g.b);
    gnttab_set_version v{2};
    CHECK(grant_op(GNTTABOP_set_version, &v) == error(Errno::busy));
    CHECK(v.version == 1);
    v.version = 3;
    CHECK(grant_op(GNTTABOP_set_version, &v) == error(Errno::inval));
    REQUIRE(g.unmap(m.handle) == GNTST_okay);
    auto reserved = g.map(1, GNTMAP_host_map | GNTMAP_readonly, 1);
    REQUIRE(reserved.status == GNTST_okay);
    auto* v2 = g.to_v2(status);
    CHECK(v2[1].hdr.flags == GTF_permit_access);
    CHECK(status[1] == GTF_reading);
    CHECK(v2[1].full_page.frame == g.page.raw());
    CHECK(v2[8].hdr.flags == 0);
    CHECK(g.map(256, GNTMAP_host_map, 2).status == GNTST_bad_gntref);

    v2[20].full_page.frame = g.page.raw();
    v2[20].hdr.domid = g.a_id;
    v2[20].hdr.flags = GTF_permit_access;
    m = g.map(20, GNTMAP_host_map, 2);
    REQUIRE(m.status == GNTST_okay);
    CHECK(status[20] == (GTF_reading | GTF_writing));
    CHECK(v2[20].hdr.flags == GTF_permit_access);
    CHECK(g.unmap(m.handle, 2) == GNTST_okay);
    CHECK(status[20] == 0);

    v2[21].sub_page.frame = g.page.raw();
    v2[21].sub_page.page_off = 100;
    v2[21].sub_page.length = 50;
    v2[21].hdr.domid = g.a_id;
    v2[21].hdr.flags = GTF_permit_access | GTF_sub_page;
    CHECK(g.map(21).status == GNTST_general_error);
    Mfn mine = give_page(g.a);
    run_as(g.a);
    gnttab_copy ops[] = {copy_of(GNTCOPY_source_gref, g.b_id, 21, DOMID_SELF, mine.raw(), 50, 100),
                         copy_of(GNTCOPY_source_gref, g.b_id, 21, DOMID_SELF, mine.raw(), 51, 100),
                         copy_of(GNTCOPY_source_gref, g.b_id, 21, DOMID_SELF, mine.raw(), 10, 99)};
    CHECK(grant_op(GNTTABOP_copy, ops, 3) == 0);
    CHECK(ops[0].status == GNTST_okay);
    CHECK(ops[1].status == GNTST_general_error);
    CHECK(ops[2].status == GNTST_general_error);
    CHECK(status[21] == 0);

    run_as(g.b);
    v.version = 1;
    PageInfo& status_page = page_of(status);
    REQUIRE(get_page(status_page, g.b));   // as if the guest mapped it
    CHECK(grant_op(GNTTABOP_set_version, &v) == error(Errno::busy));
    put_page(status_page);
    v2[0].hdr.flags = GTF_transitive;
    v.version = 1;
    CHECK(grant_op(GNTTABOP_set_version, &v) == error(Errno::range));
    v2[0].hdr.flags = 0;
    v.version = 1;
    CHECK(grant_op(GNTTABOP_set_version, &v) == 0);
    CHECK(g.v1[1].flags == (GTF_permit_access | GTF_reading));
    CHECK(g.v1[20].flags == 0);
    CHECK(g.unmap(reserved.handle, 1) == GNTST_okay);
    CHECK(g.v1[1].flags == GTF_permit_access);
}

TEST_CASE("a transitive grant is copied from, one step only, and never mapped") {
    Granting g;
    Domain& c = sim::create_domain();
    {
        u16* status;
        auto* v2 = g.to_v2(status);
        // c grants to b, b passes it on to a.
        run_as(c);
        auto* theirs = grant_table();
        Mfn page = give_page(c);
        bytes(page)[5] = 'x';
        theirs[8] = {GTF_permit_access | GTF_readonly, g.b_id, static_cast<u32>(page.raw())};
        v2[30].transitive.trans_domid = c.id.raw();
        v2[30].transitive.gref = 8;
        v2[30].hdr.domid = g.a_id;
        v2[30].hdr.flags = GTF_transitive;
        CHECK(g.map(30).status == GNTST_general_error);
        Mfn mine = give_page(g.a);
        run_as(g.a);
        gnttab_copy ops[] = {copy_of(GNTCOPY_source_gref, g.b_id, 30, DOMID_SELF, mine.raw(), 10),
                             copy_of(GNTCOPY_source_gref, g.b_id, 30, DOMID_SELF, mine.raw(), 10, 1, 1)};
        CHECK(grant_op(GNTTABOP_copy, ops, 2) == 0);
        CHECK(ops[0].status == GNTST_okay);
        CHECK(ops[1].status == GNTST_okay);
        CHECK(bytes(mine)[5] == 'x');
        CHECK(status[30] == 0);
        CHECK(theirs[8].flags == (GTF_permit_access | GTF_readonly));
        CHECK(page_of(page).references() == 1);
        ops[0] = copy_of(GNTCOPY_dest_gref, DOMID_SELF, mine.raw(), g.b_id, 30, 10);
        CHECK(grant_op(GNTTABOP_copy, ops) == 0);
        CHECK(ops[0].status == GNTST_general_error);
        CHECK(status[30] == 0);
        v2[30].transitive.trans_domid = g.b_id;
        ops[0] = copy_of(GNTCOPY_source_gref, g.b_id, 30, DOMID_SELF, mine.raw(), 10);
        CHECK(grant_op(GNTTABOP_copy, ops) == 0);
        CHECK(ops[0].status == GNTST_general_error);
        CHECK(status[30] == 0);
    }
    arch::set_current_vcpu(g.outer);
    sim::destroy_domain(c);
}

TEST_CASE("a page is transferred, or lost, never kept by both") {
    Granting g;
    Mfn page = give_page(g.a);
    g.v1[8] = {GTF_accept_transfer, g.a_id, 1234};
    run_as(g.a);
    gnttab_transfer op{};
    op.mfn = page.raw();
    op.domid = g.b_id;
    op.ref = 8;
    u64 had = g.b.tot_pages;
    CHECK(grant_op(GNTTABOP_transfer, &op) == 0);
    CHECK(op.status == GNTST_okay);
    CHECK(page_of(page).owner() == &g.b);
    CHECK(g.b.tot_pages == had + 1);
    CHECK(g.v1[8].flags == (GTF_accept_transfer | GTF_transfer_committed | GTF_transfer_completed));
    CHECK(g.v1[8].frame == page.raw());
    CHECK(mm::get_m2p(page) == 1234);
    CHECK(grant_op(GNTTABOP_transfer, &op) == 0);
    CHECK(op.status == GNTST_bad_page);    // not ours any more
    Mfn other = give_page(g.a);
    REQUIRE(get_page(page_of(other), g.a));
    op.mfn = other.raw();
    CHECK(grant_op(GNTTABOP_transfer, &op) == 0);
    CHECK(op.status == GNTST_bad_page);    // in use
    CHECK(page_of(other).references() == 2);
    put_page(page_of(other));
    had = g.a.tot_pages;
    CHECK(grant_op(GNTTABOP_transfer, &op) == 0);
    CHECK(op.status == GNTST_general_error);   // no slot waits for it
    CHECK(g.a.tot_pages == had - 1);
    op.mfn = give_page(g.a).raw();
    op.domid = kNobody;
    CHECK(grant_op(GNTTABOP_transfer, &op) == 0);
    CHECK(op.status == GNTST_bad_domain);
}
