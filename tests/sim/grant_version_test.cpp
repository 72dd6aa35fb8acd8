// SPDX-License-Identifier: MIT
// Grant tables by their version: which a domain may have, what a change keeps, and lists of frames that cannot be told.
#include "control_calls.hpp"
#include "dirty_guest.hpp"
#include "grant_calls.hpp"

using namespace xen;
using namespace xen::sim;

namespace {

s64 to_version(u32 version) {
    gnttab_set_version op{version};
    return grant_op(GNTTABOP_set_version, &op);
}
u32 version_of(u16 domain) {
    gnttab_get_version op{};
    op.dom = domain;
    REQUIRE(grant_op(GNTTABOP_get_version, &op) == 0);
    return op.version;
}
s16 swap(u32 a, u32 b) {
    gnttab_swap_grant_ref op{a, b, 99};
    REQUIRE(grant_op(GNTTABOP_swap_grant_ref, &op) == 0);
    return op.status;
}

}  // namespace

TEST_CASE("a table without frames changes its version, there and back") {
    start();
    Domain& d = create_domain();
    {
        On on{*d.vcpus[0]};
        CHECK(version_of(DOMID_SELF) == 1);
        CHECK(to_version(2) == 0);
        CHECK(to_version(2) == 0);
        CHECK(version_of(DOMID_SELF) == 2);
        CHECK(to_version(1) == 0);
        CHECK(to_version(0) == error(Errno::inval));
        CHECK(version_of(DOMID_SELF) == 1);
        CHECK(swap(0, 1) == GNTST_okay);                      // nothing for nothing
        CHECK(swap(0, 5000) == GNTST_bad_gntref);
    }
    destroy_domain(d);
}

TEST_CASE("a domain made for version 1 has no other") {
    Toolstack t;
    xen_domctl op = t.about(XEN_DOMCTL_createdomain, 0);
    auto& x = op.u.createdomain;
    x.max_vcpus = 1, x.max_evtchn_port = -1, x.max_grant_frames = -1, x.max_maptrack_frames = -1;
    x.grant_opts = XEN_DOMCTL_GRANT_version(1);
    REQUIRE(t.run(op) == 0);
    Domain& d = *domain::peek(DomId{op.domain});
    xen_domctl vcpus = t.about(XEN_DOMCTL_max_vcpus, op.domain);
    vcpus.u.max_vcpus.max = 1;
    REQUIRE(t.run(vcpus) == 0);
    {
        On on{*d.vcpus[0]};
        d.vcpus[0]->arch.in_kernel = true;
        CHECK(to_version(2) == error(Errno::nosys));          // ABI: as an operation that there is not
        CHECK(version_of(DOMID_SELF) == 1);
        CHECK(to_version(1) == 0);
    }
    destroy_domain(d);
}

TEST_CASE("entries of version 2 are swapped with their marks, and what version 1 cannot say keeps the version") {
    Granting g;
    u16* status;
    auto* v2 = g.to_v2(status);
    v2[20].full_page.frame = g.page.raw();
    v2[20].hdr = {GTF_permit_access, g.a_id};
    v2[21].sub_page.frame = 77;
    v2[21].hdr = {GTF_permit_access | GTF_sub_page, kNobody};
    status[20] = GTF_reading;                                 // the guest's own invention: nobody uses it
    CHECK(swap(20, 21) == GNTST_okay);
    CHECK((v2[21].full_page.frame == g.page.raw() && v2[21].hdr.domid == g.a_id));
    CHECK((v2[20].hdr.flags == (GTF_permit_access | GTF_sub_page) && v2[20].sub_page.frame == 77));
    CHECK((status[20] == 0 && status[21] == GTF_reading));
    status[21] = 0;
    v2[0].full_page.frame = u64{1} << 32;
    v2[0].hdr = {GTF_permit_access, g.a_id};
    CHECK(to_version(1) == error(Errno::range));
    CHECK(version_of(DOMID_SELF) == 2);
    v2[0].full_page.frame = g.page.raw();
    CHECK(to_version(1) == 0);
    CHECK((g.v1[0].frame == g.page.raw() && g.v1[0].domid == g.a_id && g.v1[0].flags == GTF_permit_access));
    CHECK(g.v1[20].flags == 0);
}

TEST_CASE("a list of frames that cannot be written is told in the status") {
    Granting g;
    Domain& d = create_domain();
    auto setup = [](u16 dom, u32 n, u64* list) {
        auto& op = *reinterpret_cast<gnttab_setup_table*>(arena.bytes);
        op = {};
        op.dom = dom, op.nr_frames = n, op.frame_list.p = list;
        REQUIRE(grant_op(GNTTABOP_setup_table, &op) == 0);
        return op.status;
    };
    {
        Window window;
        On on{*d.vcpus[0]};
        auto* list = reinterpret_cast<u64*>(arena.bytes + kPageSize);
        CHECK(setup(kNobody, 1, list) == GNTST_bad_domain);
        CHECK(setup(g.b_id, 1, list) == GNTST_permission_denied);
        CHECK(setup(DOMID_SELF, 65, list) == GNTST_general_error);
        CHECK(setup(DOMID_SELF, 40, list) == GNTST_okay);     // more than are told at once
        for (u32 i = 0; i < 40; ++i) REQUIRE(page_of(Mfn{list[i]}).owner() == &d);
        CHECK(setup(DOMID_SELF, 40, reinterpret_cast<u64*>(arena.bytes + Arena::kBytes) - 35) == GNTST_bad_virt_addr);
        CHECK(reinterpret_cast<u64*>(arena.bytes + Arena::kBytes)[-35] == list[0]);   // the first ones were
    }
    destroy_domain(d);
}
