// SPDX-License-Identifier: MIT
// grant_table_op: copy, swap, transfer, cache flush; and version 2 with its status words.
#include "grant.hpp"

namespace {

void copy(const char* name, gnttab_copy c) {
    const long rc = grant_op(GNTTABOP_copy, &c);
    status(join("copy.", name), rc ? rc : c.status);
}

void grant(u32 version, u32 ref, u64 frame, u16 flags, domid_t to = kSelf) {
    if (version == 1) {
        table_v1()[ref].frame = static_cast<u32>(frame);
        table_v1()[ref].domid = to;
        __atomic_store_n(&table_v1()[ref].flags, flags, __ATOMIC_SEQ_CST);
        return;
    }
    grant_entry_v2& e = table_v2()[ref];
    e.full_page.frame = frame;
    e.hdr.domid = to;
    __atomic_store_n(&e.hdr.flags, flags, __ATOMIC_SEQ_CST);
}

void copies(u32 version) {
    u8* from = new_page();
    u8* to = new_page();
    const char* v = version == 1 ? "v1." : "v2.";
    for (unsigned i = 0; i < kPageSize; ++i) from[i] = static_cast<u8>(i * 7 + 3);
    const u64 a = mfn_of(from);
    const u64 b = mfn_of(to);
    copy(join(v, "frames"), copy_request(a, 0, b, 0, 4096, 0));
    check(join("copy.", v, "frames.data"), memcmp(from, to, kPageSize) == 0);
    memset(to, 0, kPageSize);
    grant(version, 20, a, GTF_permit_access | GTF_readonly);
    grant(version, 21, b, GTF_permit_access);
    copy(join(v, "grants"),
         copy_request(20, 100, 21, 200, 1000, GNTCOPY_source_gref | GNTCOPY_dest_gref));
    check(join("copy.", v, "grants.data"),
          memcmp(from + 100, to + 200, 1000) == 0 && to[199] == 0 && to[1200] == 0);
    copy(join(v, "to_read_only"), copy_request(b, 0, 20, 0, 8, GNTCOPY_dest_gref));
    copy(join(v, "source_over"), copy_request(a, 4000, b, 0, 200, 0));
    copy(join(v, "dest_over"), copy_request(a, 0, b, 4000, 200, 0));
    copy(join(v, "offset_beyond"), copy_request(a, 4096, b, 0, 0, 0));
    copy(join(v, "offset_beyond_one"), copy_request(a, 4097, b, 0, 1, 0));
    copy(join(v, "nothing"), copy_request(a, 0, b, 0, 0, 0));
    copy(join(v, "bad_source"), copy_request(u64{1} << 39, 0, b, 0, 8, 0));
    copy(join(v, "bad_dest"), copy_request(a, 0, u64{1} << 39, 0, 8, 0));
    copy(join(v, "page_table_dest"), copy_request(a, 0, root_mfn(), 0, 8, 0));
    copy(join(v, "page_table_source"), copy_request(root_mfn(), 0, b, 0, 8, 0));
    copy(join(v, "bad_ref"), copy_request(100000, 0, b, 0, 8, GNTCOPY_source_gref));
    copy(join(v, "empty_ref"), copy_request(22, 0, b, 0, 8, GNTCOPY_source_gref));
    copy(join(v, "bad_flags"), copy_request(a, 0, b, 0, 8, 0x8000));
    auto c = copy_request(20, 0, b, 0, 8, GNTCOPY_source_gref);
    c.source.domid = 1;
    copy(join(v, "absent_source"), c);
    c = copy_request(a, 0, b, 0, 8, 0);
    c.source.domid = 0;
    copy(join(v, "own_number_frame"), c);
    c.source.domid = 1;
    copy(join(v, "foreign_frame"), c);
    c.source.domid = DOMID_XEN;
    copy(join(v, "domid_xen_frame"), c);
    c = copy_request(20, 0, b, 0, 8, GNTCOPY_source_gref);
    c.source.domid = 0;
    copy(join(v, "own_number"), c);
    gnttab_copy list[3] = {copy_request(a, 0, b, 0, 16, 0),
                           copy_request(a, 9, u64{1} << 39, 0, 8, 0),
                           copy_request(a, 16, b, 16, 16, 0)};
    result(join("copy.", v, "batch"), grant_op(GNTTABOP_copy, list, 3));
    for (unsigned i = 0; i < 3; ++i) status(join(join("copy.", v, "batch."), i), list[i].status);
    grant(version, 20, 0, 0);
    grant(version, 21, 0, 0);
    free_page(from);
    free_page(to);
}

void swaps() {
    u8* page = new_page();
    grant(1, 30, mfn_of(page), GTF_permit_access);
    grant(1, 31, 0, 0);
    auto s = zeroed<gnttab_swap_grant_ref>();
    s.ref_a = 30;
    s.ref_b = 31;
    result("swap", grant_op(GNTTABOP_swap_grant_ref, &s));
    status("swap.status", s.status);
    check("swap.moved", table_v1()[31].frame == mfn_of(page) && table_v1()[30].flags == 0);
    s.ref_b = 100000;
    status("swap.bad", (grant_op(GNTTABOP_swap_grant_ref, &s), s.status));
    s.ref_a = s.ref_b = 31;
    status("swap.same", (grant_op(GNTTABOP_swap_grant_ref, &s), s.status));
    const auto m = map_grant(31, address(window(0)), GNTMAP_host_map);
    s.ref_a = 30;
    s.ref_b = 31;
    status("swap.in_use", (grant_op(GNTTABOP_swap_grant_ref, &s), s.status));
    unmap_grant(m.handle, address(window(0)));
    window_reset(0);
    grant(1, 30, 0, 0);
    grant(1, 31, 0, 0);
    free_page(page);
}

void transfers() {
    auto t = zeroed<gnttab_transfer>();
    t.mfn = u64{1} << 39;
    t.domid = DOMID_SELF;
    t.ref = 40;
    result("transfer.bad_frame", grant_op(GNTTABOP_transfer, &t));
    status("transfer.bad_frame.status", t.status);
    // Absent domain: the page must stay ours.
    t.mfn = mfn_of_pfn(spare_pfn(3));
    t.domid = 1;
    result("transfer.absent", grant_op(GNTTABOP_transfer, &t));
    status("transfer.absent.status", t.status);
    u8* page = window(3);
    t.mfn = mfn_of(page);
    result("transfer.in_use", grant_op(GNTTABOP_transfer, &t));
    status("transfer.in_use.status", t.status);
    t.mfn = root_mfn();
    result("transfer.page_table", grant_op(GNTTABOP_transfer, &t));
    status("transfer.page_table.status", t.status);
}

void cache_flush() {
    u8* page = new_page();
    auto f = zeroed<gnttab_cache_flush>();
    f.a.dev_bus_addr = mfn_of(page) << 12;
    f.length = 64;
    f.op = GNTTAB_CACHE_CLEAN;
    result("cache_flush.own", grant_op(GNTTABOP_cache_flush, &f));
    f.op = GNTTAB_CACHE_INVAL | GNTTAB_CACHE_CLEAN;
    result("cache_flush.invalidate", grant_op(GNTTABOP_cache_flush, &f));
    f.op = 0;
    result("cache_flush.nothing", grant_op(GNTTABOP_cache_flush, &f));
    f.op = 8;
    result("cache_flush.bad_op", grant_op(GNTTABOP_cache_flush, &f));
    f.op = GNTTAB_CACHE_CLEAN;
    f.offset = 4000;
    f.length = 200;
    result("cache_flush.over", grant_op(GNTTABOP_cache_flush, &f));
    f.offset = 0;
    f.length = 0;
    result("cache_flush.no_length", grant_op(GNTTABOP_cache_flush, &f));
    f.length = 8;
    f.op = GNTTAB_CACHE_SOURCE_GREF | GNTTAB_CACHE_CLEAN;
    result("cache_flush.by_ref", grant_op(GNTTABOP_cache_flush, &f));
    f.op = GNTTAB_CACHE_CLEAN;
    f.a.dev_bus_addr = u64{1} << 50;
    result("cache_flush.beyond", grant_op(GNTTABOP_cache_flush, &f));
    free_page(page);
}

void versions() {
    gnttab_get_version v = {DOMID_SELF, 0, 0};
    result("get_version", grant_op(GNTTABOP_get_version, &v));
    value("get_version.number", v.version);
    gnttab_set_version s = {3};
    result("set_version.3", grant_op(GNTTABOP_set_version, &s));
    value("set_version.3.reads", s.version);
    s.version = 0;
    result("set_version.0", grant_op(GNTTABOP_set_version, &s));
    auto g = zeroed<gnttab_get_status_frames>();
    g.dom = DOMID_SELF;
    g.nr_frames = 1;
    u64 frame = 0;
    set_handle(g.frame_list, &frame);
    result("status_frames.v1", grant_op(GNTTABOP_get_status_frames, &g));
    status("status_frames.v1.status", g.status);
    u8* page = new_page();
    grant(1, 50, mfn_of(page), GTF_permit_access);
    const auto m = map_grant(50, address(window(0)), GNTMAP_host_map);
    result("set_version.while_mapped", grant_version(2));
    unmap_grant(m.handle, address(window(0)));
    window_reset(0);
    grant(1, 50, 0, 0);
    free_page(page);
    result("set_version.table_mapped", grant_version(2));
    grant_version(1);
    unmap_table();
    result("set_version.2", grant_version(2));
    result("set_version.2_again", grant_version(2));
    result("get_version.2", grant_op(GNTTABOP_get_version, &v));
    value("get_version.2.number", v.version);
    g.nr_frames = 1000;
    result("status_frames.too_many", grant_op(GNTTABOP_get_status_frames, &g));
    status("status_frames.too_many.status", g.status);
    g.nr_frames = 1;
    g.dom = 1;
    result("status_frames.absent", grant_op(GNTTABOP_get_status_frames, &g));
    status("status_frames.absent.status", g.status);
    result("status_frames.two", grant_op(GNTTABOP_get_status_frames, &g, 2));
}

void second_version() {
    result("v2.map_table", map_table(2));
    u8* page = new_page();
    page[9] = 0x77;
    grant(2, 60, mfn_of(page), GTF_permit_access);
    auto m = map_grant(60, address(window(0)), GNTMAP_host_map);
    status("v2.map", m.status);
    check("v2.map.data", window(0)[9] == 0x77);
    value("v2.map.status_word", table_status()[60]);
    value("v2.map.flags", table_v2()[60].hdr.flags);
    status("v2.unmap", unmap_grant(m.handle, address(window(0))));
    value("v2.unmap.status_word", table_status()[60]);
    window_reset(0);
    table_v2()[60].sub_page.page_off = 8;
    table_v2()[60].sub_page.length = 16;
    table_v2()[60].hdr.flags = GTF_permit_access | GTF_sub_page;
    m = map_grant(60, address(window(0)), GNTMAP_host_map);
    status("v2.sub_page.map", m.status);
    u8* to = new_page();
    copy("v2.sub_page", copy_request(60, 8, mfn_of(to), 0, 16, GNTCOPY_source_gref));
    check("v2.sub_page.data", to[1] == 0x77);
    copy("v2.sub_page.before", copy_request(60, 0, mfn_of(to), 0, 16, GNTCOPY_source_gref));
    copy("v2.sub_page.beyond", copy_request(60, 16, mfn_of(to), 0, 16, GNTCOPY_source_gref));
    // Transitive: entry 61 stands for entry 62 of the same domain.
    grant(2, 62, mfn_of(page), GTF_permit_access);
    table_v2()[61].transitive.trans_domid = kSelf;
    table_v2()[61].transitive.gref = 62;
    table_v2()[61].hdr.domid = kSelf;
    table_v2()[61].hdr.flags = GTF_transitive;
    copy("v2.transitive", copy_request(61, 0, mfn_of(to), 0, 16, GNTCOPY_source_gref));
    status("v2.transitive.map", map_grant(61, address(window(0)), GNTMAP_host_map).status);
    window_reset(0);
    for (u32 ref : {60u, 61u, 62u}) grant(2, ref, 0, 0);
    copies(2);
    free_page(page);
    free_page(to);
    unmap_table();
    result("set_version.back", grant_version(1));
}

} // namespace

void test_grant_copy() {
    grant_version(1);
    map_table(1);
    copies(1);
    swaps();
    transfers();
    cache_flush();
    versions();
    second_version();
}
