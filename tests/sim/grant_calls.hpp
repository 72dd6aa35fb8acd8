// SPDX-License-Identifier: MIT
// The grant calls of the current vCPU, and two domains of which one maps what the other grants.
#pragma once

#include <public/grant_table.h>

#include "census.hpp"
#include "guest.hpp"

namespace xen::sim {

template <class Op>
s64 grant_op(u32 cmd, Op* ops, u32 count = 1) {
    return hypercall(__HYPERVISOR_grant_table_op, cmd, reinterpret_cast<u64>(ops), count);
}

struct Granting {
    Vcpu* outer = (start(), arch::current_vcpu());
    Domain& a = create_domain({.vcpus = 2});   // maps, into a table that it pinned
    Domain& b = create_domain();               // grants
    u16 a_id = a.id.raw(), b_id = b.id.raw();
    Mfn table = give_page(a);
    Mfn page = give_page(b);
    grant_entry_v1* v1 = (run_as(b), grant_table());

    Granting() {
        run_as(a);
        REQUIRE(mmuext(MMUEXT_PIN_L1_TABLE, table) == 0);
    }
    ~Granting() {
        arch::set_current_vcpu(outer);
        destroy_domain(a);
        CHECK(page_of(page).references() == 1);
        CHECK(page_of(page).type_uses() == 0);
        CHECK(census(b) == "");
        destroy_domain(b);
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

}  // namespace xen::sim
