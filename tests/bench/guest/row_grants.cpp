// SPDX-License-Identifier: MIT
// Grants to ourselves, and of another domain to us: mapped and unmapped, copied from.
#include "grant.hpp"
#include "measure.hpp"
#include "other.hpp"
#include "rows.hpp"

namespace {

constexpr unsigned kMany = 16;
constexpr u32 kFirst = 32;   // the first entries are the toolstack's
domid_t granter;
u64 frames[kMany];       // what it grants
u8* targets[kMany];      // where they are mapped; nothing is there before
gnttab_map_grant_ref maps[kMany];
gnttab_unmap_grant_ref unmaps[kMany];

struct Names {
    const char *one, *many, *small, *page;
};

// The granter's table is in the window.
void grant() {
    for (unsigned i = 0; i < kMany; ++i) {
        targets[i] = new_page();
        table_v1()[kFirst + i] = {GTF_permit_access, 0, static_cast<u32>(frames[i])};
        map_at(targets[i], 0, 0);
    }
}

void take_back() {
    for (unsigned i = 0; i < kMany; ++i) {
        table_v1()[kFirst + i].flags = 0;
        protect(targets[i], kReadWrite);
        free_page(targets[i]);
    }
}

long map_and_unmap(unsigned n) {
    long rc = grant_op(GNTTABOP_map_grant_ref, maps, n);
    for (unsigned i = 0; i < n; ++i) unmaps[i].handle = maps[i].handle;
    if (!rc && maps[n - 1].status) return maps[n - 1].status;
    rc = grant_op(GNTTABOP_unmap_grant_ref, unmaps, n);
    return rc ? rc : unmaps[n - 1].status;
}

void mapping(const Names& names) {
    for (unsigned i = 0; i < kMany; ++i) {
        maps[i] = map_request(kFirst + i, address(targets[i]), GNTMAP_host_map, granter);
        unmaps[i] = zeroed<gnttab_unmap_grant_ref>();
        unmaps[i].host_addr = address(targets[i]);
    }
    const long rc = map_and_unmap(kMany);
    if (rc) return no_row(names.one, rc);
    row(names.one, lowest([] { map_and_unmap(1); }));
    row(names.many, lowest([] { map_and_unmap(kMany); }), kMany);
}

gnttab_copy copy_request(u16 bytes, u8* to) {
    auto op = zeroed<gnttab_copy>();
    op.source.u.ref = kFirst;
    op.source.domid = granter;
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

void all(const Names& names) {
    grant();
    mapping(names);
    copying(names.small, 64);
    copying(names.page, 4096);
    take_back();
}

} // namespace

void grants() {
    granter = kSelf;
    grant_version(1);
    if (const long rc = map_table(1)) return no_row("grant_table", rc);
    u8* pages[kMany];
    for (unsigned i = 0; i < kMany; ++i) frames[i] = mfn_of(pages[i] = new_page());
    all({"grant_map_unmap", "grant_map_unmap_of_16", "grant_copy_64", "grant_copy_4096"});
    for (u8* page : pages) free_page(page);
    unmap_table();
}

// The other domain need not run: we write its table, as who builds a domain does.
void grants_between() {
    granter = new_number();
    make_other(granter);
    long rc = populate_other(granter, frames, kMany);
    if (!rc) rc = map_other(granter, window(kTableWindow), grant_frame_of(granter), kReadWrite);
    if (rc) return no_row("domain_grant_map_unmap", rc);
    all({"domain_grant_map_unmap", "domain_grant_map_unmap_of_16", "domain_grant_copy_64", "domain_grant_copy_4096"});
    unmap_table();
    destroy_other(granter);
    let_it_end();
}
