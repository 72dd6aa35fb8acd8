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

TEST_CASE("copies whose other side does not fit, in every way") {
    Granting g;
    u16* status;
    auto* v2 = g.to_v2(status);
    v2[20].full_page.frame = g.page.raw();
    v2[20].hdr = {GTF_permit_access, g.a_id};
    v2[21].sub_page.frame = g.page.raw();
    v2[21].sub_page.page_off = 100, v2[21].sub_page.length = 50;
    v2[21].hdr = {GTF_permit_access | GTF_sub_page, g.a_id};
    v2[22].full_page.frame = max_frame.raw() + 1;
    v2[22].hdr = {GTF_permit_access, g.a_id};
    Mfn mine = give_page(g.a), table = g.table;
    bytes(g.page)[7] = 'y';
    run_as(g.a);
    auto one = [](gnttab_copy op) {
        CHECK(grant_op(GNTTABOP_copy, &op) == 0);
        return op.status;
    };
    CHECK(one(copy_of(GNTCOPY_source_gref, g.b_id, 20, DOMID_SELF, mine.raw(), 8)) == GNTST_okay);
    CHECK(bytes(mine)[7] == 'y');
    CHECK(one(copy_of(GNTCOPY_dest_gref, DOMID_SELF, mine.raw(), g.b_id, 20, 8, 0, 4089)) == GNTST_bad_copy_arg);
    CHECK(one(copy_of(GNTCOPY_dest_gref, DOMID_SELF, mine.raw(), g.b_id, 21, 8, 0, 90)) == GNTST_general_error);
    CHECK(one(copy_of(GNTCOPY_dest_gref, DOMID_SELF, mine.raw(), g.b_id, 21, 50, 0, 100)) == GNTST_okay);
    CHECK(one(copy_of(GNTCOPY_source_gref, g.b_id, 22, DOMID_SELF, mine.raw(), 8)) == GNTST_bad_page);
    CHECK(one(copy_of(0, DOMID_SELF, max_frame.raw(), DOMID_SELF, mine.raw(), 8)) == GNTST_bad_page);
    CHECK(one(copy_of(0, DOMID_SELF, mine.raw(), DOMID_SELF, max_frame.raw(), 8)) == GNTST_bad_page);
    CHECK(one(copy_of(0, DOMID_SELF, mine.raw(), DOMID_SELF, table.raw(), 8)) == GNTST_general_error);   // a page table
    CHECK(one(copy_of(0, DOMID_SELF, mine.raw(), kNobody, mine.raw(), 8)) == GNTST_permission_denied);
    // The same two domains once more, and a page by its frame where its domain is not the caller.
    gnttab_copy two[] = {copy_of(GNTCOPY_dest_gref, DOMID_SELF, mine.raw(), g.b_id, 20, 8),
                         copy_of(0, DOMID_SELF, mine.raw(), g.b_id, g.page.raw(), 8)};
    CHECK(grant_op(GNTTABOP_copy, two, 2) == 0);
    CHECK((two[0].status == GNTST_okay && two[1].status == GNTST_permission_denied));
    // In use by somebody else.
    Domain& c = sim::create_domain();
    v2[23].full_page.frame = g.page.raw();
    v2[23].hdr = {GTF_permit_access, c.id.raw()};
    run_as(c);
    gnttab_map_grant_ref map{};
    map.flags = GNTMAP_device_map | GNTMAP_readonly, map.ref = 23, map.dom = g.b_id;
    REQUIRE(grant_op(GNTTABOP_map_grant_ref, &map) == 0);
    REQUIRE(map.status == GNTST_okay);
    v2[23].hdr.domid = g.a_id;
    run_as(g.a);
    CHECK(one(copy_of(GNTCOPY_source_gref, g.b_id, 23, DOMID_SELF, mine.raw(), 8)) == GNTST_general_error);
    arch::set_current_vcpu(g.outer);
    sim::destroy_domain(c);
    for (u32 ref : {20, 21, 22, 23}) CHECK(status[ref] == 0);
    CHECK(page_of(g.page).references() == 1);
    CHECK(page_of(g.page).type_uses() == 0);
}

namespace {

// c grants a page to b by entry 8, and b passes that on to a by entry 30.
struct Passed {
    Granting g;
    Domain& c = sim::create_domain();
    u16* status = nullptr;
    grant_entry_v2* v2 = g.to_v2(status);
    grant_entry_v1* theirs = (run_as(c), grant_table());
    Mfn page = give_page(c), mine = give_page(g.a);

    Passed() {
        theirs[8] = {GTF_permit_access, g.b_id, static_cast<u32>(page.raw())};
        v2[30].transitive.trans_domid = c.id.raw();
        v2[30].transitive.gref = 8;
        v2[30].hdr = {GTF_transitive, g.a_id};
        run_as(g.a);
    }
    ~Passed() {
        CHECK(status[30] == 0);
        CHECK(page_of(page).references() == 1);
        CHECK(page_of(page).type_uses() == 0);
        arch::set_current_vcpu(g.outer);
        sim::destroy_domain(c);
    }
    s16 run(gnttab_copy op) {
        CHECK(grant_op(GNTTABOP_copy, &op) == 0);
        return op.status;
    }
    s16 read() { return run(copy_of(GNTCOPY_source_gref, g.b_id, 30, DOMID_SELF, mine.raw(), 8)); }
};

}  // namespace

TEST_CASE("a transitive grant leads where both ends permit it, or nowhere") {
    Passed p;
    CHECK(p.read() == GNTST_okay);
    p.v2[30].hdr.domid = kNobody;                              // to somebody else
    CHECK(p.read() == GNTST_general_error);
    p.v2[30].hdr.domid = p.g.a_id;
    p.v2[30].transitive.trans_domid = kNobody;                 // from nobody
    CHECK(p.read() == GNTST_general_error);
    p.v2[30].transitive.trans_domid = p.c.id.raw();
    p.theirs[8].domid = p.g.a_id;                              // not to the one that passes it on
    CHECK(p.read() == GNTST_general_error);
    p.theirs[8].domid = p.g.b_id;
    p.v2[30].transitive.gref = 5000;
    CHECK(p.read() == GNTST_bad_gntref);
    p.v2[30].transitive.gref = 8;
    CHECK(p.read() == GNTST_okay);
}

TEST_CASE("a transitive grant in use may be used once more while it leads to the same page") {
    Passed p;
    bytes(p.page)[0] = 'p';
    // Both sides of one copy: the source has it in use when the destination asks for it.
    CHECK(p.run(copy_of(GNTCOPY_source_gref | GNTCOPY_dest_gref, p.g.b_id, 30, p.g.b_id, 30, 8, 0, 100)) == GNTST_okay);
    CHECK(bytes(p.page)[100] == 'p');
    CHECK(p.theirs[8].flags == GTF_permit_access);
}

TEST_CASE("a transitive grant that changes while it is in use is looked at anew") {
    Passed p;
    Mfn other = give_page(p.c);
    p.theirs[9] = {GTF_permit_access, p.g.b_id, static_cast<u32>(other.raw())};
    bytes(p.page)[0] = 'p', bytes(other)[0] = 'o';
    // The first copy keeps entry 30 as its source and writes, into the table itself, where that leads to from now on.
    p.v2[31].full_page.frame = arch::direct_map_mfn(p.v2).raw();
    p.v2[31].hdr = {GTF_permit_access, p.g.a_id};
    grant_entry_v2 changed = p.v2[30];
    changed.transitive.gref = 9;
    memcpy(bytes(p.page) + 64, &changed, sizeof changed);
    gnttab_copy ops[] = {
        copy_of(GNTCOPY_source_gref | GNTCOPY_dest_gref, p.g.b_id, 30, p.g.b_id, 31, sizeof changed, 64, 30 * sizeof changed),
        copy_of(GNTCOPY_source_gref | GNTCOPY_dest_gref, p.g.b_id, 30, p.g.b_id, 30, 8, 0, 100)};
    CHECK(grant_op(GNTTABOP_copy, ops, 2) == 0);
    CHECK((ops[0].status == GNTST_okay && ops[1].status == GNTST_okay));
    CHECK(bytes(other)[100] == 'o');                           // both sides of the second are the new page
    CHECK(bytes(p.page)[100] == 0);
    CHECK(page_of(other).references() == 1);
    CHECK((p.theirs[8].flags == GTF_permit_access && p.theirs[9].flags == GTF_permit_access));
}

TEST_CASE("a transfer to a receiver of version 2, and to one that is full or dying") {
    Granting g;
    u16* status;
    auto* v2 = g.to_v2(status);
    auto give = [&](Mfn f) {
        run_as(g.a);
        gnttab_transfer op{};
        op.mfn = f.raw(), op.domid = g.b_id, op.ref = 8;
        REQUIRE(grant_op(GNTTABOP_transfer, &op) == 0);
        return op.status;
    };
    auto wait = [&] {
        v2[8].full_page.frame = 4321;
        v2[8].hdr = {GTF_accept_transfer, g.a_id};
    };
    wait();
    Mfn first = give_page(g.a);
    CHECK(give(first) == GNTST_okay);
    CHECK(v2[8].full_page.frame == first.raw());
    CHECK(v2[8].hdr.flags == (GTF_accept_transfer | GTF_transfer_committed | GTF_transfer_completed));
    CHECK(mm::get_m2p(first) == 4321);
    wait();
    u64 most = std::exchange(g.b.max_pages, g.b.tot_pages);
    CHECK(give(give_page(g.a)) == GNTST_general_error);
    CHECK(v2[8].hdr.flags == GTF_accept_transfer);            // it goes on waiting
    g.b.max_pages = most;
    g.b.dying.store(Dying::dying);
    CHECK(give(give_page(g.a)) == GNTST_general_error);
    g.b.dying.store(Dying::alive);
    v2[8].hdr.domid = kNobody;
    CHECK(give(give_page(g.a)) == GNTST_general_error);
    CHECK(v2[8].hdr.flags == GTF_accept_transfer);
}
