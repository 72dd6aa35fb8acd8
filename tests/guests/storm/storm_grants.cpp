// SPDX-License-Identifier: MIT
// Grants: given, taken back, mapped, copied, refused; and the table's two versions.
#include "event.hpp"
#include "grant.hpp"
#include "page.hpp"
#include "storm.hpp"

namespace {

constexpr u32 kFirst = 64, kGrants = 64;     // the toolstack's own are before them
domid_t self;
u8* page;

// Which domain we are: the other end of a channel to ourselves.
domid_t own_number() {
    const long port = alloc_self();
    const long other = bind_self(static_cast<u32>(port));
    const domid_t number = status_of(static_cast<u32>(other)).u.interdomain.dom;
    close_port(static_cast<u32>(other));
    close_port(static_cast<u32>(port));
    return number;
}

void give(u32 ref, u16 flags, domid_t to) {
    grant_entry_v1& e = table_v1()[ref];
    e.frame = static_cast<u32>(mfn_of(page));
    e.domid = to;
    __atomic_store_n(&e.flags, flags, __ATOMIC_SEQ_CST);
}

void foreign() {
    for (u32 i = 0; i < 16; ++i) {
        const auto m = map_grant(static_cast<u32>(random_number() % 4096), address(window(1)), GNTMAP_host_map, 0);
        if (!m.status) unmap_grant(m.handle, address(window(1)));
        auto c = copy_request(random_number() % 4096, 0, mfn_of(page), 0, 64, GNTCOPY_source_gref);
        c.source.domid = 0;
        grant_op(GNTTABOP_copy, &c);
        unmap_grant(static_cast<u32>(random_number()), address(window(1)));
    }
    window_reset(1);
}

} // namespace

void prepare_grants() {
    self = own_number();
    page = new_page();
    map_table(1);
}

void turn_grants() {
    static gnttab_map_grant_ref maps[kGrants];
    static gnttab_copy copies[kGrants];
    for (u32 i = 0; i < kGrants; ++i) {
        give(kFirst + i, GTF_permit_access, i % 4 ? self : domid_t{0});
        maps[i] = map_request(kFirst + i, address(window(0)), GNTMAP_host_map, self);
        copies[i] = copy_request(kFirst + i, 0, mfn_of(page), 2048, 512, GNTCOPY_source_gref);
        copies[i].source.domid = self;
    }
    grant_op(GNTTABOP_copy, copies, kGrants);
    for (const auto& request : maps) {
        gnttab_map_grant_ref m = request;
        grant_op(GNTTABOP_map_grant_ref, &m);
        if (!m.status) unmap_grant(m.handle, address(window(0)));
    }
    window_reset(0);
    for (u32 i = 0; i < kGrants; ++i) give(kFirst + i, 0, 0);
    foreign();
    grant_op(GNTTABOP_copy, copies, ~u32{0});
}

// The table grows to its limit, and changes its version as long as nothing is mapped.
void turn_versions() {
    u64 frames[64] = {};
    auto s = zeroed<gnttab_setup_table>();
    s.dom = DOMID_SELF;
    s.nr_frames = 32;
    set_handle(s.frame_list, frames);
    grant_op(GNTTABOP_setup_table, &s);
    unmap_table();
    for (u32 i = 0; i < 8; ++i) {
        grant_version(2);
        map_table(2);
        unmap_table();
        grant_version(1);
        grant_version(3);
    }
    map_table(1);
}
