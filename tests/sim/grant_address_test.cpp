// SPDX-License-Identifier: MIT
// Grants mapped at addresses of the guest and at entries named by their machine address; the bits that the entries have, and
// unmap_and_replace, which moves another entry to where a grant was.
#include <xen/rangeset.hpp>

#include "census.hpp"
#include "dirty_guest.hpp"
#include "grant_calls.hpp"

using namespace xen;
using namespace xen::sim;

namespace {

constexpr u64 kLeaf = Pte::kPresent | Pte::kUser, kRw = kLeaf | Pte::kWrite;
constexpr u64 kBase = u64{1} << 39 | u64{1} << 30 | u64{1} << 21;
constexpr u32 kRef = 8;
enum : unsigned { kL4, kL3, kL2, kL1, kData, kReadOnly, kPages };   // its pages

// A domain on page tables of its own, where entry 0 maps a page to write and entry 1 one to read, and a domain that grants.
struct Addressed {
    Vcpu* outer = (start(), arch::current_vcpu());
    Domain& a = create_domain();
    Domain& b = create_domain();
    Mfn granted = give_page(b), pages[kPages];
    grant_entry_v1* entries = (run_as(b), grant_table());
    Window window;

    Addressed() {
        for (Mfn& f : pages) f = give_page(a);
        for (unsigned i = kL4; i < kL1; ++i) table(i)[1] = Pte::make(pages[i + 1], kRw);
        entry(0) = Pte::make(pages[kData], kRw);
        entry(1) = Pte::make(pages[kReadOnly], kLeaf);
        entries[kRef] = {GTF_permit_access, a.id.raw(), static_cast<u32>(granted.raw())};
        run_as(a);
        mmuext_op& op = window.at<mmuext_op>(0);
        op.cmd = MMUEXT_NEW_BASEPTR;
        op.arg1.mfn = pages[kL4].raw();
        REQUIRE(sim::hypercall(__HYPERVISOR_mmuext_op, address(op), 1, 0, DOMID_SELF) == 0);
    }
    ~Addressed() {
        CHECK(census(a) == "");
        arch::set_current_vcpu(outer);
        destroy_domain(a);
        CHECK(page_of(granted).references() == 1);
        CHECK(page_of(granted).type_uses() == 0);
        destroy_domain(b);
    }
    Pte* table(unsigned i) { return static_cast<Pte*>(arch::direct_map(pages[i])); }
    Pte& entry(unsigned i) { return table(kL1)[i]; }
    u64 slot(unsigned i) { return address_of(pages[kL1]).raw() + i * sizeof(Pte); }
    u64 uses(unsigned page) { return page_of(pages[page]).type_uses(); }

    gnttab_map_grant_ref& map(u64 at, u32 flags = 0) {
        auto& op = window.at<gnttab_map_grant_ref>(0);
        op.host_addr = at;
        op.flags = GNTMAP_host_map | flags;
        op.ref = kRef;
        op.dom = b.id.raw();
        REQUIRE(grant_op(GNTTABOP_map_grant_ref, &op) == 0);
        return op;
    }
    s16 unmap(u32 handle, u64 at) {
        auto& op = window.at<gnttab_unmap_grant_ref>(1);
        op.host_addr = at;
        op.handle = handle;
        REQUIRE(grant_op(GNTTABOP_unmap_grant_ref, &op) == 0);
        return op.status;
    }
    s16 replace(u32 handle, u64 at, u64 by) {
        auto& op = window.at<gnttab_unmap_and_replace>(1);
        op.host_addr = at;
        op.new_addr = by;
        op.handle = handle;
        REQUIRE(grant_op(GNTTABOP_unmap_and_replace, &op) == 0);
        return op.status;
    }
};

u64 at(unsigned entry) { return kBase + entry * kPageSize; }

}  // namespace

TEST_CASE("a grant is mapped at an address, with the bits that its flags ask for") {
    Addressed g;
    auto plain = g.map(at(3));
    REQUIRE(plain.status == GNTST_okay);
    Pte e = g.entry(3);
    CHECK(e.mfn() == g.granted);
    CHECK((e.has(Pte::kUser | Pte::kGuestKernel) && e.writable()));
    CHECK_FALSE(e.has(Pte::kGlobal));
    auto application = g.map(at(4), GNTMAP_application_map | GNTMAP_readonly | 5 << _GNTMAP_guest_avail0);
    REQUIRE(application.status == GNTST_okay);
    e = g.entry(4);
    CHECK((e.has(Pte::kUser | Pte::kGlobal) && !e.writable()));
    CHECK_FALSE(e.has(Pte::kGuestKernel));
    CHECK((e.raw >> 9 & 7) == 5);
    CHECK(g.unmap(plain.handle, at(4)) == GNTST_general_error);   // the frame, but read-only
    CHECK(g.unmap(plain.handle, at(5)) == GNTST_general_error);   // nothing
    CHECK(g.unmap(plain.handle, at(3)) == GNTST_okay);
    CHECK(g.unmap(application.handle, at(4)) == GNTST_okay);
    CHECK((g.entry(3).raw == 0 && g.entry(4).raw == 0));
    CHECK(g.entries[kRef].flags == GTF_permit_access);
}

TEST_CASE("a grant takes the place of what an address maps, and only where there is a table") {
    Addressed g;
    REQUIRE(g.uses(kData) == 1);
    auto m = g.map(at(0));
    REQUIRE(m.status == GNTST_okay);
    CHECK(g.entry(0).mfn() == g.granted);
    CHECK(g.uses(kData) == 0);
    CHECK(page_of(g.pages[kData]).references() == 1);
    CHECK(g.unmap(m.handle, at(0)) == GNTST_okay);
    CHECK(g.map(kBase + (u64{1} << 21)).status == GNTST_general_error);
    CHECK(g.map(u64{3} << 39).status == GNTST_general_error);
    CHECK(g.map(arch::kXenStart).status == GNTST_general_error);
    CHECK(g.entries[kRef].flags == GTF_permit_access);
}

TEST_CASE("an entry named by its machine address is one of a table of the mapper's own") {
    Addressed g;
    Mfn foreign = give_page(g.b);
    for (u64 wrong : {g.slot(3) + 4, address_of(foreign).raw(), address_of(g.pages[kData]).raw(), address_of(g.pages[kL2]).raw() + 16,
                      u64{1} << 50}) {
        CHECK(g.map(wrong, GNTMAP_contains_pte).status == GNTST_general_error);
    }
    auto m = g.map(g.slot(3), GNTMAP_contains_pte);
    REQUIRE(m.status == GNTST_okay);
    CHECK(g.entry(3).mfn() == g.granted);
    for (u64 wrong : {g.slot(3) + 4, address_of(foreign).raw(), address_of(g.pages[kData]).raw(), g.slot(4), u64{1} << 50})
        CHECK(g.unmap(m.handle, wrong) == GNTST_general_error);
    CHECK(g.entry(3).mfn() == g.granted);
    CHECK(g.unmap(m.handle, g.slot(3)) == GNTST_okay);
    CHECK(g.entry(3).raw == 0);
}

TEST_CASE("unmap_and_replace moves another entry to where the grant was") {
    Addressed g;
    auto first = g.map(at(3));
    REQUIRE(first.status == GNTST_okay);
    Pte data = g.entry(0), read_only = g.entry(1);
    CHECK(g.replace(first.handle, at(3), at(0)) == GNTST_okay);
    CHECK(g.entry(3).mfn() == data.mfn());
    CHECK((g.entry(3).writable() && g.entry(0).raw == 0));
    CHECK(g.uses(kData) == 1);                                // the entry has moved, with its use
    CHECK(g.entries[kRef].flags == GTF_permit_access);
    CHECK(g.unmap(first.handle, at(3)) == GNTST_bad_handle);
    auto second = g.map(at(4), GNTMAP_readonly);
    REQUIRE(second.status == GNTST_okay);
    CHECK(g.replace(second.handle, at(4), at(1)) == GNTST_okay);
    CHECK(g.entry(4).raw == read_only.raw);
    CHECK(g.entry(1).raw == 0);
    // A page of a device's has no log to be noted in.
    constexpr u64 kDevice = u64{1} << 30 >> kPageShift;
    REQUIRE(g.a.io_memory->add(kDevice, kDevice));
    auto& update = g.window.at<mmu_update>(2);
    update.ptr = g.slot(6);
    update.val = Pte::make(Mfn{kDevice}, kRw).raw;
    REQUIRE(sim::hypercall(__HYPERVISOR_mmu_update, address(update), 1, 0, DOMID_SELF) == 0);
    auto third = g.map(at(5));
    REQUIRE(third.status == GNTST_okay);
    CHECK(g.replace(third.handle, at(5), at(6)) == GNTST_okay);
    CHECK((g.entry(5).mfn() == Mfn{kDevice} && g.entry(6).raw == 0));
}

TEST_CASE("unmap_and_replace that cannot be done changes nothing") {
    Addressed g;
    auto m = g.map(at(3));
    REQUIRE(m.status == GNTST_okay);
    Pte data = g.entry(0), other = g.entry(1), grant = g.entry(3);
    CHECK(g.replace(m.handle, at(1), at(0)) == GNTST_general_error);                     // no grant there
    CHECK(g.replace(m.handle, at(3), kBase + (u64{1} << 21)) == GNTST_general_error);    // no table there
    CHECK(g.replace(m.handle, kBase + (u64{1} << 21), at(0)) == GNTST_general_error);
    CHECK((g.entry(0).raw == data.raw && g.entry(1).raw == other.raw && g.entry(3).raw == grant.raw));
    CHECK(g.uses(kData) == 1);
    CHECK((g.entries[kRef].flags & GTF_writing));
    CHECK(g.unmap(m.handle, at(3)) == GNTST_okay);
    // ABI: not for an entry that was named by its machine address.
    m = g.map(g.slot(3), GNTMAP_contains_pte);
    REQUIRE(m.status == GNTST_okay);
    CHECK(g.replace(m.handle, g.slot(3), at(0)) == GNTST_general_error);
    CHECK(g.entry(0).raw == data.raw);
    CHECK(g.unmap(m.handle, g.slot(3)) == GNTST_okay);
}
