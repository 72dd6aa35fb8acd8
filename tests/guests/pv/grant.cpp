// SPDX-License-Identifier: MIT
#include "grant.hpp"

grant_entry_v1* table_v1() { return reinterpret_cast<grant_entry_v1*>(window(kTableWindow)); }
grant_entry_v2* table_v2() { return reinterpret_cast<grant_entry_v2*>(window(kTableWindow)); }
grant_status_t* table_status() { return reinterpret_cast<grant_status_t*>(window(kStatusWindow)); }

long grant_version(u32 version) {
    gnttab_set_version op = {version};
    return grant_op(GNTTABOP_set_version, &op);
}

long map_table(u32 version) {
    u64 frame = 0;
    auto op = zeroed<gnttab_setup_table>();
    op.dom = DOMID_SELF;
    op.nr_frames = 1;
    set_handle(op.frame_list, &frame);
    long rc = grant_op(GNTTABOP_setup_table, &op);
    if (rc || op.status) return rc ? rc : op.status;
    rc = window_map(kTableWindow, frame, kReadWrite);
    if (rc || version == 1) return rc;
    auto status = zeroed<gnttab_get_status_frames>();
    status.dom = DOMID_SELF;
    status.nr_frames = 1;
    set_handle(status.frame_list, &frame);
    rc = grant_op(GNTTABOP_get_status_frames, &status);
    if (rc || status.status) return rc ? rc : status.status;
    return window_map(kStatusWindow, frame, kReadWrite);
}

void unmap_table() {
    window_reset(kTableWindow);
    window_reset(kStatusWindow);
}

gnttab_map_grant_ref map_request(u32 ref, u64 where, u32 flags, domid_t domain) {
    auto op = zeroed<gnttab_map_grant_ref>();
    op.host_addr = where;
    op.flags = flags;
    op.ref = ref;
    op.dom = domain;
    op.status = 99;
    return op;
}

gnttab_map_grant_ref map_grant(u32 ref, u64 where, u32 flags, domid_t domain) {
    gnttab_map_grant_ref op = map_request(ref, where, flags, domain);
    const long rc = grant_op(GNTTABOP_map_grant_ref, &op);
    if (rc) op.status = static_cast<s16>(rc * 100);
    return op;
}

s64 unmap_grant(u32 handle, u64 where, u64 bus_address) {
    auto op = zeroed<gnttab_unmap_grant_ref>();
    op.host_addr = where;
    op.dev_bus_addr = bus_address;
    op.handle = handle;
    const long rc = grant_op(GNTTABOP_unmap_grant_ref, &op);
    return rc ? rc : op.status;
}

gnttab_copy copy_request(u64 source, u16 source_offset, u64 dest, u16 dest_offset, u16 length,
                         u16 flags) {
    auto c = zeroed<gnttab_copy>();
    c.source.domid = DOMID_SELF;
    c.dest.domid = DOMID_SELF;
    if (flags & GNTCOPY_source_gref)
        c.source.u.ref = static_cast<grant_ref_t>(source);
    else
        c.source.u.gmfn = source;
    if (flags & GNTCOPY_dest_gref)
        c.dest.u.ref = static_cast<grant_ref_t>(dest);
    else
        c.dest.u.gmfn = dest;
    c.source.offset = source_offset;
    c.dest.offset = dest_offset;
    c.len = length;
    c.flags = flags;
    return c;
}

void status(const char* name, s64 code) {
    static const char* const names[] = {
        "okay",          "general_error",   "bad_domain",      "bad_gntref",        "bad_handle",
        "bad_virt_addr", "bad_dev_addr",    "no_device_space", "permission_denied", "bad_page",
        "bad_copy_arg",  "address_too_big", "eagain",          "no_space"};
    if (code <= 0 && code > -14)
        text(name, join("status ", names[-code]));
    else
        result(name, code);
}
