// SPDX-License-Identifier: MIT
// grant_table_op: table set-up, versions, mapping and unmapping. Data and status words are checked.
#include "grant.hpp"

namespace {

void grant_v1(u32 ref, const void* page, u16 flags, domid_t to = kSelf) {
    table_v1()[ref].frame = static_cast<u32>(mfn_of(page));
    table_v1()[ref].domid = to;
    __atomic_store_n(&table_v1()[ref].flags, flags, __ATOMIC_SEQ_CST);
}

u64 flags_v1(u32 ref) { return __atomic_load_n(&table_v1()[ref].flags, __ATOMIC_SEQ_CST); }

void sizes() {
    auto q = zeroed<gnttab_query_size>();
    q.dom = DOMID_SELF;
    result("query_size", grant_op(GNTTABOP_query_size, &q));
    status("query_size.status", q.status);
    value("query_size.frames", q.nr_frames);
    value("query_size.max", q.max_nr_frames);
    for (u64 domain : {u64{0}, u64{1}, u64{DOMID_XEN}, u64{DOMID_IO}, u64{DOMID_INVALID}}) {
        q.dom = static_cast<domid_t>(domain);
        result(join("query_size.domain.", domain), grant_op(GNTTABOP_query_size, &q));
        status(join("query_size.domain.", domain, ".status"), q.status);
        auto s = zeroed<gnttab_setup_table>();
        s.dom = q.dom;
        result(join("setup.domain.", domain), grant_op(GNTTABOP_setup_table, &s));
        status(join("setup.domain.", domain, ".status"), s.status);
        gnttab_get_version v = {q.dom, 0, 0};
        result(join("get_version.domain.", domain), grant_op(GNTTABOP_get_version, &v));
    }
    result("query_size.two", grant_op(GNTTABOP_query_size, &q, 2));
    result("query_size.zero", grant_op(GNTTABOP_query_size, &q, 0));
}

void setup() {
    u64 frames[64] = {};
    auto s = zeroed<gnttab_setup_table>();
    s.dom = DOMID_SELF;
    s.nr_frames = 4;
    set_handle(s.frame_list, frames);
    result("setup", grant_op(GNTTABOP_setup_table, &s));
    status("setup.status", s.status);
    check("setup.frames", frames[0] && frames[3] && !frames[4]);
    s.nr_frames = 65;
    result("setup.too_many", grant_op(GNTTABOP_setup_table, &s));
    status("setup.too_many.status", s.status);
    s.nr_frames = ~0u;
    result("setup.minus1", grant_op(GNTTABOP_setup_table, &s));
    status("setup.minus1.status", s.status);
    s.nr_frames = 0;
    result("setup.zero", grant_op(GNTTABOP_setup_table, &s));
    status("setup.zero.status", s.status);
    s.nr_frames = 1;
    result("setup.two", grant_op(GNTTABOP_setup_table, &s, 2));
    set_handle(s.frame_list, kUnmapped);
    result("setup.list_fault", grant_op(GNTTABOP_setup_table, &s));
    status("setup.list_fault.status", s.status);
    result("map_table", map_table(1));
    for (unsigned i = 0; i < kPageSize; ++i)
        if (window(kTableWindow)[i]) return check("table.zeroed", false);
    check("table.zeroed", true);
}

void mapping() {
    u8* page = new_page();
    u8* where = window(0);
    page[5] = 0x42;
    grant_v1(9, page, GTF_permit_access);
    auto m = map_grant(9, address(where), GNTMAP_host_map);
    status("map", m.status);
    value("map.flags", flags_v1(9));
    check("map.data", where[5] == 0x42);
    where[6] = 0x43;
    check("map.shared", page[6] == 0x43);
    check("map.bus_address", m.dev_bus_addr == 0 || m.dev_bus_addr == mfn_of(page) << 12);
    value("map.entry", entry_of(where, 1) & ~kFrameMask);
    status("unmap.wrong_handle", unmap_grant(m.handle + 500, address(where)));
    status("unmap.minus1_handle", unmap_grant(~0u, address(where)));
    status("unmap.wrong_address", unmap_grant(m.handle, address(window(1))));
    status("unmap", unmap_grant(m.handle, address(where)));
    value("unmap.flags", flags_v1(9));
    value("unmap.entry", entry_of(where, 1));
    status("unmap.again", unmap_grant(m.handle, address(where)));
    window_reset(0);

    m = map_grant(9, address(where), GNTMAP_host_map | GNTMAP_readonly);
    status("map_read_only", m.status);
    value("map_read_only.flags", flags_v1(9));
    value("map_read_only.entry", entry_of(where, 1) & kWrite);
    const Fault f = catch_fault([where] { *static_cast<volatile u8*>(where) = 1; });
    fault("map_read_only.write", f);
    const auto second = map_grant(9, address(window(1)), GNTMAP_host_map);
    status("map_twice", second.status);
    value("map_twice.flags", flags_v1(9));
    status("map_twice.unmap_writable", unmap_grant(second.handle, address(window(1))));
    value("map_twice.flags_after", flags_v1(9));
    status("map_twice.unmap", unmap_grant(m.handle, address(where)));
    value("map_twice.flags_end", flags_v1(9));
    window_reset(0);
    window_reset(1);

    // Through the machine address of the page-table entry.
    const u64 pte = entry_machine(where, 1);
    m = map_grant(9, pte, GNTMAP_host_map | GNTMAP_contains_pte);
    status("map_pte", m.status);
    mmuext(MMUEXT_INVLPG_LOCAL, address(where));
    check("map_pte.data", where[5] == 0x42);
    status("map_pte.unmap", unmap_grant(m.handle, pte));
    window_reset(0);
    status("map_pte.misaligned",
           map_grant(9, pte + 4, GNTMAP_host_map | GNTMAP_contains_pte).status);
    status("map_pte.not_table",
           map_grant(9, mfn_of(page) << 12, GNTMAP_host_map | GNTMAP_contains_pte).status);

    grant_v1(9, page, 0);
    free_page(page);
}

void device_mapping() {
    u8* page = new_page();
    grant_v1(10, page, GTF_permit_access);
    auto m = map_grant(10, 0, GNTMAP_device_map);
    status("map_device", m.status);
    check("map_device.address", m.status || m.dev_bus_addr == mfn_of(page) << 12);
    value("map_device.flags", flags_v1(10));
    status("map_device.unmap_wrong", unmap_grant(m.handle, 0, 0x1000));
    status("map_device.unmap", unmap_grant(m.handle, 0, m.dev_bus_addr));
    value("map_device.flags_left", flags_v1(10));
    m = map_grant(10, address(window(0)), GNTMAP_device_map | GNTMAP_host_map | GNTMAP_readonly);
    status("map_both", m.status);
    status("map_both.unmap_host", unmap_grant(m.handle, address(window(0))));
    status("map_both.unmap_device", unmap_grant(m.handle, 0, m.dev_bus_addr));
    value("map_both.flags_left", flags_v1(10));
    window_reset(0);
    grant_v1(10, page, 0);
    free_page(page);
}

// Maps and, if that worked, unmaps again.
void attempt(const char* name, u32 ref, u64 where, u32 flags, domid_t domain = kSelf) {
    const auto m = map_grant(ref, where, flags, domain);
    status(name, m.status);
    if (m.status) return;
    unmap_grant(m.handle, where);
    window_reset(0);
}

void map_errors() {
    u8* page = new_page();
    const u64 where = address(window(0));
    grant_v1(11, page, GTF_permit_access);
    attempt("map.no_flags", 11, where, 0);
    attempt("map.readonly_only", 11, where, GNTMAP_readonly);
    attempt("map.application", 11, where, GNTMAP_host_map | GNTMAP_application_map);
    attempt("map.bad_ref", 100000, where, GNTMAP_host_map);
    attempt("map.minus1_ref", ~0u, where, GNTMAP_host_map);
    attempt("map.empty_ref", 12, where, GNTMAP_host_map);
    attempt("map.domid_self", 11, where, GNTMAP_host_map, DOMID_SELF);
    attempt("map.absent_domain", 11, where, GNTMAP_host_map, 1);
    attempt("map.domid_xen", 11, where, GNTMAP_host_map, DOMID_XEN);
    attempt("map.domid_io", 11, where, GNTMAP_host_map, DOMID_IO);
    attempt("map.bad_va", 11, kUnmapped, GNTMAP_host_map);
    attempt("map.hypervisor_va", 11, kHypervisor, GNTMAP_host_map);
    attempt("map.m2p_va", 11, MACH2PHYS_VIRT_START, GNTMAP_host_map);
    grant_v1(11, page, GTF_permit_access, 5);
    attempt("map.other_grantee", 11, where, GNTMAP_host_map);
    grant_v1(11, page, GTF_permit_access | GTF_readonly);
    attempt("map.read_only_grant", 11, where, GNTMAP_host_map);
    grant_v1(11, page, GTF_accept_transfer);
    attempt("map.transfer_entry", 11, where, GNTMAP_host_map);
    grant_v1(11, page, GTF_transitive);
    attempt("map.transitive_v1", 11, where, GNTMAP_host_map);
    grant_v1(11, page, GTF_permit_access);
    table_v1()[11].frame = 0x7fffffff;
    attempt("map.bad_frame", 11, where, GNTMAP_host_map);
    table_v1()[11].frame = static_cast<u32>(root_mfn());
    attempt("map.page_table", 11, where, GNTMAP_host_map);
    attempt("map.page_table_read_only", 11, where, GNTMAP_host_map | GNTMAP_readonly);
    window_reset(0);
    grant_v1(11, page, 0);
    free_page(page);
}

void replace() {
    u8* page = new_page();
    page[0] = 7;
    grant_v1(13, page, GTF_permit_access);
    const auto m = map_grant(13, address(window(0)), GNTMAP_host_map);
    auto op = zeroed<gnttab_unmap_and_replace>();
    op.handle = m.handle;
    op.host_addr = address(window(0));
    op.new_addr = address(window(1));
    const u64 moved = mfn_of(window(1));
    result("replace", grant_op(GNTTABOP_unmap_and_replace, &op));
    status("replace.status", op.status);
    check("replace.moved", (entry_of(window(0), 1) & kFrameMask) >> 12 == moved);
    value("replace.source", entry_of(window(1), 1));
    value("replace.flags", flags_v1(13));
    window_reset(0);
    window_reset(1);
    result("replace.again", grant_op(GNTTABOP_unmap_and_replace, &op));
    status("replace.again.status", op.status);
    grant_v1(13, page, 0);
    free_page(page);
}

void batch() {
    u8* page = new_page();
    grant_v1(14, page, GTF_permit_access);
    gnttab_map_grant_ref list[3] = {map_request(14, address(window(0)), GNTMAP_host_map),
                                    map_request(12, address(window(1)), GNTMAP_host_map),
                                    map_request(14, address(window(2)), GNTMAP_host_map)};
    result("batch", grant_op(GNTTABOP_map_grant_ref, list, 3));
    for (unsigned i = 0; i < 3; ++i) {
        status(join("batch.status.", i), list[i].status);
        if (list[i].status == 0)
            status(join("batch.unmap.", i), unmap_grant(list[i].handle, list[i].host_addr));
        window_reset(i);
    }
    result("batch.huge", grant_op(GNTTABOP_map_grant_ref, list, ~0u));
    grant_v1(14, page, 0);
    free_page(page);
}

void wild() {
    for (u32 command = 0; command < 15; ++command) {
        if (command == GNTTABOP_dump_table) continue;
        for (const WildPointer& w : wild_pointers) {
            result(join("command.", command, join(".", w.name)),
                   grant_op(command, at<u8>(w.where)));
            result(join("command.", command, join(".", w.name, ".none")),
                   grant_op(command, at<u8>(w.where), 0));
        }
    }
    result("command.minus1", grant_op(~0u, at<u8>(0)));
}

} // namespace

void test_grant() {
    succeeded("set_version.1", grant_version(1));
    sizes();
    setup();
    mapping();
    device_mapping();
    map_errors();
    replace();
    batch();
    wild();
    unmap_table();
}
