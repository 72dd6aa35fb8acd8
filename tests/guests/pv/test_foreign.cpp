// SPDX-License-Identifier: MIT
// Another domain, seen from the one that made it: its memory, its tables, its grants and its event channels.
#include "control.hpp"
#include "event.hpp"
#include "grant.hpp"
#include <public/memory.h>

namespace {

constexpr domid_t kGuest = 400;
constexpr unsigned kPages = 4;
u64 frames[kPages];

long memory_op(u32 command, void* argument) {
    return hypercall(__HYPERVISOR_memory_op, command, address(argument));
}

long other_va(const void* where, u64 entry, domid_t domain = kGuest) {
    return hypercall(__HYPERVISOR_update_va_mapping_otherdomain, address(where), entry, UVMF_INVLPG, domain);
}

long reserve(u32 command, u64 count, u64* list, u32 order = 0, domid_t domain = kGuest) {
    xen_memory_reservation r = {};
    set_handle(r.extent_start, list);
    r.nr_extents = count;
    r.extent_order = order;
    r.domid = domain;
    return memory_op(command, &r);
}

void memory() {
    result("populate.no_room", (make_dom(XEN_DOMCTL_max_mem, kGuest).u.max_mem.max_memkb = 8, call_dom()));
    for (unsigned n = 0; n < kPages; ++n) frames[n] = n;
    result("populate.partial", reserve(XENMEM_populate_physmap, kPages, frames));
    make_dom(XEN_DOMCTL_max_mem, kGuest).u.max_mem.max_memkb = 4096;
    result("max_mem", call_dom());
    for (unsigned n = 2; n < kPages; ++n) frames[n] = n;
    result("populate", reserve(XENMEM_populate_physmap, kPages - 2, frames + 2));
    check("populate.own_frames", frames[0] != frames[1] && frames[0] > 1);
    u64 list[2] = {1u << 20, ~u64{0}};
    result("decrease.not_its", reserve(XENMEM_decrease_reservation, 1, list));
    list[0] = mfn_of(&frames);
    result("decrease.ours", reserve(XENMEM_decrease_reservation, 1, list));
    list[0] = 100;
    result("increase", reserve(XENMEM_increase_reservation, 1, list));
    check("increase.frame", list[0] != 100);
    result("decrease", reserve(XENMEM_decrease_reservation, 1, list));
    domid_t id = kGuest;
    result("current", memory_op(XENMEM_current_reservation, &id));
    result("maximum", memory_op(XENMEM_maximum_reservation, &id));
    result("maximum_gpfn", memory_op(XENMEM_maximum_gpfn, &id));
    result("populate.big_order", reserve(XENMEM_populate_physmap, 1, list, 10));
    result("populate.bad_order", reserve(XENMEM_populate_physmap, 1, list, 40));
    result("claim", reserve(XENMEM_claim_pages, 100, nullptr));
    call_dom(XEN_DOMCTL_getdomaininfo, kGuest);
    value("claim.outstanding", dom.u.getdomaininfo.outstanding_pages);
    result("claim.drop", reserve(XENMEM_claim_pages, 0, nullptr));
    result("claim.too_much", reserve(XENMEM_claim_pages, u64{1} << 40, nullptr));
    xen_add_to_physmap_t add = {};
    add.domid = kGuest;
    result("add_to_physmap", memory_op(XENMEM_add_to_physmap, &add));
    xen_remove_from_physmap_t gone = {};
    gone.domid = kGuest;
    gone.gpfn = frames[0];
    result("remove_from_physmap", memory_op(XENMEM_remove_from_physmap, &gone));
}

void mapping() {
    u8* w = window(0);
    result("map.without_domain", window_map(0, frames[0], kReadWrite));
    result("map", other_va(w, frames[0] << 12 | kReadWrite));
    check("map.zeroed", w[0] == 0 && w[4095] == 0);
    w[0] = 0x77;
    result("map.read_only", other_va(window(1), frames[0] << 12 | kReadOnly));
    check("map.same_page", window(1)[0] == 0x77);
    result("map.beyond", other_va(window(1), u64{1} << 39 | kReadWrite));
    result("map.ours_as_its", other_va(window(1), mfn_of(window(1)) << 12 | kReadWrite));
    result("map.absent_domain", other_va(window(1), frames[0] << 12 | kReadWrite, 999));
    result("mmu.map", mmu_update_one(entry_machine(window(1), 1), frames[1] << 12 | kReadWrite, 0, kGuest));
    mmuext(MMUEXT_INVLPG_LOCAL, address(window(1)));
    result("mmu.its_page", mmu_update_one(frames[1] << 12, 0x1234, 0, kGuest));
    result("mmu.its_page_as_owner", mmu_update_one(frames[1] << 12, 0x1234, 0, (u64{kGuest} + 1) << 16 | kGuest));
    value("mmu.its_page.reads", *reinterpret_cast<u64*>(window(1)));
    result("mmu.m2p", mmu_update_one(frames[1] << 12, 55, MMU_MACHPHYS_UPDATE, kGuest));
    value("mmu.m2p.reads", pfn_of_mfn(frames[1]));
    result("mmu.m2p_as_owner", mmu_update_one(frames[1] << 12, 56, MMU_MACHPHYS_UPDATE, (u64{kGuest} + 1) << 16 | kGuest));
    result("pin.mapped_writable", mmuext(MMUEXT_PIN_L1_TABLE, frames[0], 0, kGuest));
    window_reset(0);
    window_reset(1);
    result("pin.wrong_domain", mmuext(MMUEXT_PIN_L1_TABLE, frames[2]));
    result("pin", mmuext(MMUEXT_PIN_L1_TABLE, frames[2], 0, kGuest));
    result("pin.again", mmuext(MMUEXT_PIN_L1_TABLE, frames[2], 0, kGuest));
    result("pin.map_writable", other_va(window(0), frames[2] << 12 | kReadWrite));
    result("pin.map_read_only", other_va(window(0), frames[2] << 12 | kReadOnly));
    result("pin.as_l2", mmuext(MMUEXT_PIN_L2_TABLE, frames[2], 0, kGuest));
    result("pin.entry", mmu_update_one(frames[2] << 12, frames[0] << 12 | kReadOnly, 0, (u64{kGuest} + 1) << 16 | kGuest));
    result("pin.entry_ours", mmu_update_one(frames[2] << 12 | 8, mfn_of(window(1)) << 12 | kReadOnly, 0,
                                            (u64{kGuest} + 1) << 16 | kGuest));
    result("frame.unpin", mmuext(MMUEXT_UNPIN_TABLE, frames[2], 0, kGuest));
    window_reset(0);
    result("clear", mmuext(MMUEXT_CLEAR_PAGE, frames[0], 0, kGuest));
    result("copy", mmuext(MMUEXT_COPY_PAGE, frames[0], frames[1], kGuest));
    result("copy.from_ours", mmuext(MMUEXT_COPY_PAGE, frames[0], mfn_of(window(1)), kGuest));
    result("baseptr", mmuext(MMUEXT_NEW_BASEPTR, frames[0], 0, kGuest));
}

void kinds() {
    u64 list[5] = {frames[0], frames[2], 0, u64{1} << 39, mfn_of(window(0))};
    auto& f = make_dom(XEN_DOMCTL_getpageframeinfo3, kGuest).u.getpageframeinfo3;
    f.num = 5;
    set_handle(f.array, list);
    result("frameinfo", call_dom());
    for (unsigned n = 0; n < 5; ++n) value(join("frameinfo.", n), list[n] >> 28 << 28);
    make_dom(XEN_DOMCTL_getpageframeinfo3, kGuest).u.getpageframeinfo3.num = 1025;
    result("frameinfo.many", call_dom());
    make_dom(XEN_DOMCTL_getpageframeinfo3, kGuest).u.getpageframeinfo3.num = 1;
    result("frameinfo.null", call_dom());
    const u64 pages[] = {frames[3], mfn_of(window(0)), u64{1} << 39, frames[2]};
    for (unsigned n = 0; n < 4; ++n) {
        make_dom(XEN_DOMCTL_hypercall_init, kGuest).u.hypercall_init.gmfn = pages[n];
        result(join("hypercall_init.", n), call_dom());
    }
}

void resources() {
    for (u32 type = 0; type < 5; ++type)
        for (u32 id : {0u, 1u, 2u}) {
            xen_mem_acquire_resource_t r = {};
            r.domid = kGuest;
            r.type = static_cast<u16>(type);
            r.id = id;
            result(join(join("resource.size.", type, "."), id), memory_op(XENMEM_acquire_resource, &r));
            value(join(join("resource.size.", type, "."), id, ".frames"), r.nr_frames);
        }
    u64 list[8] = {};
    for (u32 count : {1u, 2u, 4u, 5u, 33u})
        for (u64 first : {u64{0}, u64{1}, u64{4}, u64{1} << 32, ~u64{0}}) {
            xen_mem_acquire_resource_t r = {};
            r.domid = kGuest;
            r.type = XENMEM_resource_grant_table;
            r.nr_frames = count;
            r.frame = first;
            set_handle(r.frame_list, list);
            result(join(join("resource.", count, ".from."), first), memory_op(XENMEM_acquire_resource, &r));
        }
}

void copy(const char* name, gnttab_copy c) {
    result(name, grant_op(GNTTABOP_copy, &c));
    status(join(name, ".status"), c.status);
}

void copy_from_guest(const char* name, gnttab_copy c) {
    c.source.domid = kGuest;
    copy(name, c);
}

void copy_to_guest(const char* name, gnttab_copy c) {
    c.dest.domid = kGuest;
    copy(name, c);
}

void grants() {
    u64 table = 0;
    xen_mem_acquire_resource_t r = {};
    r.domid = kGuest;
    r.type = XENMEM_resource_grant_table;
    r.nr_frames = 1;
    set_handle(r.frame_list, &table);
    result("grant.table", memory_op(XENMEM_acquire_resource, &r));
    result("grant.table.map", other_va(window(kTableWindow), table << 12 | kReadWrite));
    grant_entry_v1* entries = table_v1();
    entries[9] = {GTF_permit_access, 0, static_cast<u32>(frames[1])};
    entries[10] = {GTF_permit_access | GTF_readonly, 0, static_cast<u32>(frames[1])};
    entries[11] = {GTF_permit_access, 5, static_cast<u32>(frames[1])};
    entries[12] = {GTF_permit_access, 0, static_cast<u32>(mfn_of(window(0)))};
    for (u32 ref : {9u, 10u, 11u, 12u, 511u, 512u, 4096u})
        for (u32 flags : {u32{GNTMAP_host_map}, u32{GNTMAP_host_map | GNTMAP_readonly}}) {
            const gnttab_map_grant_ref op = map_grant(ref, address(window(1)), flags, kGuest);
            status(join(join("grant.map.", ref, "."), flags), op.status);
            if (op.status) continue;
            value(join(join("grant.map.", ref, "."), flags, ".entry"), entries[ref].flags);
            status(join(join("grant.unmap.", ref, "."), flags), unmap_grant(op.handle, address(window(1))));
            window_reset(1);
        }
    u8* buffer = new_page();
    for (u32 ref : {9u, 10u, 11u, 12u}) {
        copy_from_guest(join("grant.copy_from.", ref), copy_request(ref, 0, mfn_of(buffer), 0, 64, GNTCOPY_source_gref));
        copy_to_guest(join("grant.copy_to.", ref), copy_request(mfn_of(buffer), 0, ref, 0, 64, GNTCOPY_dest_gref));
    }
    copy_from_guest("grant.copy_frame", copy_request(frames[0], 0, mfn_of(buffer), 0, 64, 0));
    gnttab_transfer_t t = {mfn_of(buffer), kGuest, 9, 99};
    result("grant.transfer.not_offered", grant_op(GNTTABOP_transfer, &t));
    status("grant.transfer.not_offered.status", t.status);
    gnttab_query_size q = {kGuest, 0, 0, 0};
    result("grant.query", grant_op(GNTTABOP_query_size, &q));
    value("grant.query.frames", q.nr_frames);
    value("grant.query.max", q.max_nr_frames);
    gnttab_get_version v = {kGuest, 0, 77};
    result("grant.version", grant_op(GNTTABOP_get_version, &v));
    value("grant.version.number", v.version);
    auto s = zeroed<gnttab_setup_table>();
    u64 list[4] = {};
    s.dom = kGuest;
    s.nr_frames = 2;
    set_handle(s.frame_list, list);
    result("grant.setup", grant_op(GNTTABOP_setup_table, &s));
    status("grant.setup.status", s.status);
    auto st = zeroed<gnttab_get_status_frames>();
    st.dom = kGuest;
    st.nr_frames = 1;
    set_handle(st.frame_list, list);
    result("grant.status_frames", grant_op(GNTTABOP_get_status_frames, &st));
    status("grant.status_frames.status", st.status);
    window_reset(kTableWindow);
    free_page(buffer);
}

} // namespace

void test_foreign_events(domid_t domain);

void test_foreign() {
    result("create", create_domain(kGuest));
    memory();
    mapping();
    kinds();
    resources();
    grants();
    test_foreign_events(kGuest);
    result("destroy", call_dom(XEN_DOMCTL_destroydomain, kGuest));
}
