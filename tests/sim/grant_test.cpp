// SPDX-License-Identifier: MIT
// Grants between two domains: status codes, and that every reference and mark is given back.
#include <asm/mm.hpp>
#include <catch2/catch.hpp>
#include <sim/machine.hpp>
#include <xen/grant.hpp>
#include <xen/hypercall.hpp>
#include <xen/memory.hpp>
#include <xen/softirq.hpp>

#include <public/grant_table.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "census.hpp"
#include "common/grant/table.hpp"

using namespace xen;

namespace {

void run_as(Domain& d) { arch::set_current_vcpu(d.vcpus[0]); }

template <class Op>
s64 grant_op(u32 cmd, Op* ops, u32 count = 1) {
    return sim::hypercall(__HYPERVISOR_grant_table_op, cmd, reinterpret_cast<u64>(ops), count);
}
s64 error(Errno e) { return abi_error(e); }
constexpr u16 kNobody = 0x7000;

Mfn give_page(Domain& d) {
    auto p = memory::allocate_domain_pages(d, {});
    REQUIRE(p);
    memset(arch::direct_map(p.value().mfn()), 0, kPageSize);
    return p.value().mfn();
}

grant_entry_v1* set_up(Domain& d) {
    run_as(d);
    u64 frame = 0;
    gnttab_setup_table op{};
    op.dom = DOMID_SELF;
    op.nr_frames = 1;
    op.frame_list.p = &frame;
    REQUIRE(grant_op(GNTTABOP_setup_table, &op) == 0);
    REQUIRE(op.status == GNTST_okay);
    return static_cast<grant_entry_v1*>(arch::direct_map(Mfn{frame}));
}

struct Granting {
    Vcpu* outer = (sim::start(), arch::current_vcpu());
    Domain& a = sim::create_domain({.vcpus = 2});   // maps, into a table that it pinned
    Domain& b = sim::create_domain();               // grants
    u16 a_id = a.id.raw(), b_id = b.id.raw();
    Mfn table = give_page(a);
    Mfn page = give_page(b);
    grant_entry_v1* v1 = set_up(b);

    Granting() {
        run_as(a);
        mmuext_op op{};
        op.cmd = MMUEXT_PIN_L1_TABLE;
        op.arg1.mfn = table.raw();
        REQUIRE(sim::hypercall(__HYPERVISOR_mmuext_op, sim::address(op), 1, 0, DOMID_SELF) == 0);
    }
    ~Granting() {
        arch::set_current_vcpu(outer);
        sim::destroy_domain(a);
        CHECK(page_of(page).references() == 1);
        CHECK(page_of(page).type_uses() == 0);
        CHECK(sim::census(b) == "");
        sim::destroy_domain(b);
    }
    // The machine address of an entry of the table.
    u64 slot(u32 i) const { return address_of(table).raw() + 8 * i; }
    u64 entry(u32 i) const { return static_cast<u64*>(arch::direct_map(table))[i]; }
    void grant(u32 ref, u16 flags = 0, u16 to = 0) {
        v1[ref].frame = static_cast<u32>(page.raw());
        v1[ref].domid = to ? to : a_id;
        v1[ref].flags = static_cast<u16>(GTF_permit_access | flags);
    }
    gnttab_map_grant_ref map(u32 ref, u32 flags = GNTMAP_host_map, u32 at = 0, u16 from = 0) {
        run_as(a);
        gnttab_map_grant_ref op{};
        op.host_addr = slot(at);
        op.flags = flags & GNTMAP_host_map ? flags | GNTMAP_contains_pte : flags;
        op.ref = ref;
        op.dom = from ? from : b_id;
        REQUIRE(grant_op(GNTTABOP_map_grant_ref, &op) == 0);
        return op;
    }
    static constexpr u32 kNowhere = ~u32{0};
    s16 unmap(u32 handle, u32 at = 0, u64 bus = 0) {
        run_as(a);
        gnttab_unmap_grant_ref op{};
        op.host_addr = at == kNowhere ? 0 : slot(at);
        op.dev_bus_addr = bus;
        op.handle = handle;
        REQUIRE(grant_op(GNTTABOP_unmap_grant_ref, &op) == 0);
        return op.status;
    }
    // b changes to version 2.
    grant_entry_v2* to_v2(u16*& status) {
        run_as(b);
        gnttab_set_version v{2};
        REQUIRE(grant_op(GNTTABOP_set_version, &v) == 0);
        REQUIRE(v.version == 2);
        u64 frame = 0;
        gnttab_get_status_frames f{};
        f.nr_frames = 1;
        f.dom = DOMID_SELF;
        f.frame_list.p = &frame;
        REQUIRE(grant_op(GNTTABOP_get_status_frames, &f) == 0);
        REQUIRE(f.status == GNTST_okay);
        status = static_cast<u16*>(arch::direct_map(Mfn{frame}));
        return reinterpret_cast<grant_entry_v2*>(v1);
    }
};

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
    mmuext_op pin{};
    pin.cmd = MMUEXT_PIN_L1_TABLE;
    pin.arg1.mfn = g.page.raw();
    REQUIRE(sim::hypercall(__HYPERVISOR_mmuext_op, sim::address(pin), 1, 0, DOMID_SELF) == 0);
    CHECK(g.map(8).status == GNTST_general_error);
    CHECK(g.map(8, GNTMAP_host_map | GNTMAP_device_map).status == GNTST_general_error);
    CHECK(g.v1[8].flags == GTF_permit_access);
    CHECK(page_of(g.page).references() == 2);
    run_as(g.b);
    pin.cmd = MMUEXT_UNPIN_TABLE;
    REQUIRE(sim::hypercall(__HYPERVISOR_mmuext_op, sim::address(pin), 1, 0, DOMID_SELF) == 0);
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
        Maybe<u32> h = track.take();
        if (!h) break;
        handles.push_back(*h);
    }
    CHECK(handles.size() == 3 * grant::MapTrack::kPerPage);
    CHECK(std::set<u32>(handles.begin(), handles.end()).size() == handles.size());
    track.give(handles[500]);
    CHECK(*track.take() == handles[500]);
    CHECK(!track.take());
}

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
        auto* theirs = set_up(c);
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

TEST_CASE("cache maintenance asks for a grant in use") {
    Granting g;
    g.grant(8);
    run_as(g.a);
    gnttab_cache_flush op{};
    op.a.dev_bus_addr = g.page.raw() << 12;
    op.length = 64;
    op.op = GNTTAB_CACHE_CLEAN;
    CHECK(grant_op(GNTTABOP_cache_flush, &op) == error(Errno::inval));
    auto m = g.map(8);
    CHECK(grant_op(GNTTABOP_cache_flush, &op) == 0);
    op.op = GNTTAB_CACHE_INVAL;
    CHECK(grant_op(GNTTABOP_cache_flush, &op) == error(Errno::opnotsupp));
    op.length = 0;
    CHECK(grant_op(GNTTABOP_cache_flush, &op) == 0);
    op.op = GNTTAB_CACHE_CLEAN;
    op.length = 64;
    op.offset = 4090;
    CHECK(grant_op(GNTTABOP_cache_flush, &op) == error(Errno::inval));
    op.offset = 0;
    op.a.dev_bus_addr = u64{1} << 50;
    CHECK(grant_op(GNTTABOP_cache_flush, &op) == error(Errno::inval));
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
    auto* theirs = set_up(c);
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
