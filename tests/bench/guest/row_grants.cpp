// SPDX-License-Identifier: MIT
// Grants to ourselves: mapped and unmapped, copied from.
#include "grant.hpp"
#include "measure.hpp"
#include "rows.hpp"

namespace {

constexpr unsigned kMany = 16;
constexpr u32 kFirst = 32;   // the first entries are the toolstack's
u8* pages[kMany];
u8* targets[kMany];      // where they are mapped; nothing is there before
gnttab_map_grant_ref maps[kMany];
gnttab_unmap_grant_ref unmaps[kMany];

void grant_pages() {
    for (unsigned i = 0; i < kMany; ++i) {
        pages[i] = new_page();
        targets[i] = new_page();
        table_v1()[kFirst + i] = {GTF_permit_access, 0, static_cast<u32>(mfn_of(pages[i]))};
        map_at(targets[i], 0, 0);
    }
}

void take_back() {
    for (unsigned i = 0; i < kMany; ++i) {
        table_v1()[kFirst + i].flags = 0;
        protect(targets[i], kReadWrite);
        free_page(targets[i]);
        free_page(pages[i]);
    }
}

long map_and_unmap(unsigned n) {
    long rc = grant_op(GNTTABOP_map_grant_ref, maps, n);
    for (unsigned i = 0; i < n; ++i) unmaps[i].handle = maps[i].handle;
    if (!rc && maps[n - 1].status) return maps[n - 1].status;
    rc = grant_op(GNTTABOP_unmap_grant_ref, unmaps, n);
    return rc ? rc : unmaps[n - 1].status;
}

void mapping() {
    for (unsigned i = 0; i < kMany; ++i) {
        maps[i] = map_request(kFirst + i, address(targets[i]), GNTMAP_host_map);
        unmaps[i] = zeroed<gnttab_unmap_grant_ref>();
        unmaps[i].host_addr = address(targets[i]);
    }
    const long rc = map_and_unmap(kMany);
    if (rc) return no_row("grant_map_unmap", rc);
    row("grant_map_unmap", lowest([] { map_and_unmap(1); }));
    row("grant_map_unmap_of_16", lowest([] { map_and_unmap(kMany); }), kMany);
}

gnttab_copy copy_request(u16 bytes, u8* to) {
    auto op = zeroed<gnttab_copy>();
    op.source.u.ref = kFirst;
    op.source.domid = kSelf;
    op.dest.u.gmfn = mfn_of(to);
    op.dest.domid = DOMID_SELF;
    op.len = bytes;
    op.flags = GNTCOPY_source_gref;
    return op;
}

void copying(const char* name, u16 bytes) {
    u8* to = new_page();
    gnttab_copy op = copy_request(bytes, to);
    const u64 count = lowest([&] { grant_op(GNTTABOP_copy, &op); });
    if (op.status) no_row(name, op.status);
    else row(name, count);
    free_page(to);
}

} // namespace

void grants() {
    grant_version(1);
    if (const long rc = map_table(1)) return no_row("grant_table", rc);
    grant_pages();
    mapping();
    copying("grant_copy_64", 64);
    copying("grant_copy_4096", 4096);
    take_back();
    unmap_table();
}
