// SPDX-License-Identifier: MIT
// Grants to ourselves copied from, and pages given back and taken again.
#include "measure.hpp"
#include <public/grant_table.h>
#include <public/memory.h>

namespace {

constexpr unsigned kRef = 32, kMany = 256;

void copying(const char* name, std::uint16_t bytes) {
    auto op = zeroed<gnttab_copy>();
    op.source.u.ref = kRef;
    op.source.domid = DOMID_SELF;
    op.dest.u.gmfn = spare_page(1) / kPage;
    op.dest.domid = DOMID_SELF;
    op.len = bytes;
    op.flags = GNTCOPY_source_gref;
    u64 best = lowest([&] { call(__HYPERVISOR_grant_table_op, GNTTABOP_copy, address(op), 1); });
    if (op.status) no_row(name, op.status);
    else row(name, best);
}

u64 frames[kMany];

void there_and_back(const char* name, u64 count) {
    for (u64 i = 0; i < count; ++i) frames[i] = spare_page(16 + i) / kPage;
    auto r = zeroed<xen_memory_reservation>();
    set_xen_guest_handle(r.extent_start, frames);
    r.nr_extents = count;
    r.domid = DOMID_SELF;
    auto both = [&] {
        s64 gone = call(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, address(r));
        s64 back = call(__HYPERVISOR_memory_op, XENMEM_populate_physmap, address(r));
        return gone == back ? back : -1;
    };
    s64 rc = both();
    if (rc != static_cast<s64>(count)) return no_row(name, rc);
    row(name, lowest(both), count);
}

}  // namespace

void grants() {
    if (s64 rc = map_shared(XENMAPSPACE_grant_table, 0, kGrantFrame)) return no_row("grant_copy_64", rc);
    auto* table = reinterpret_cast<volatile grant_entry_v1*>(kGrantFrame * kPage);
    table[kRef].domid = 0;
    table[kRef].frame = static_cast<u32>(spare_page(0) / kPage);
    table[kRef].flags = GTF_permit_access;
    copying("grant_copy_64", 64);
    copying("grant_copy_4096", 4096);
}

void memory() {
    there_and_back("memory_down_up", 1);
    there_and_back("memory_down_up_of_256", kMany);
}
