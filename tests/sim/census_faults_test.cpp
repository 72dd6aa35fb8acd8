// SPDX-License-Identifier: MIT
// Faults that the census (tests/census) has found, each as small as it gets.
#include <catch2/catch.hpp>

#include <asm/mm.hpp>
#include <public/memory.h>
#include <sim/machine.hpp>
#include <xen/memory.hpp>

#include "grant_calls.hpp"

using namespace xen;
using arch::Pte;

namespace {

constexpr u64 kLeaf = Pte::kPresent | Pte::kUser, kRw = kLeaf | Pte::kWrite;

void set(Mfn table, unsigned i, Mfn target, u64 flags = kRw) {
    static_cast<Pte*>(arch::direct_map(table))[i] = Pte::make(target, flags);
}

s64 update(Mfn table, unsigned i, Pte value) {
    mmu_update_t u{};
    u.ptr = address_of(table).raw() + i * sizeof(Pte);
    u.val = value.raw;
    return sim::hypercall(__HYPERVISOR_mmu_update, sim::address(u), 1, 0, DOMID_SELF);
}

struct Current {
    Vcpu* outer = (sim::start(), arch::current_vcpu());
    ~Current() { arch::set_current_vcpu(outer); }
};

}  // namespace

TEST_CASE("a table that a vCPU was giving up keeps the references of another vCPU that pins it meanwhile") {
    Current current;
    Domain& d = sim::create_domain({.vcpus = 2});
    Mfn root = sim::give_page(d), l3 = sim::give_page(d), l2 = sim::give_page(d), other_l2 = sim::give_page(d);
    set(root, 0, l3);
    set(l3, 0, l2);
    set(l3, 1, other_l2);
    sim::run_as(d);
    REQUIRE(sim::mmuext(MMUEXT_PIN_L4_TABLE, root) == 0);
    mmuext_op op{};
    op.cmd = MMUEXT_UNPIN_TABLE;
    op.arg1.mfn = root.raw();
    sim::load({__HYPERVISOR_mmuext_op, {sim::address(op), 1, 0, DOMID_SELF}});
    REQUIRE(sim::enter(true));   // stops inside the L3
    REQUIRE((page_of(l3).type.load() & PageInfo::kPartial));
    sim::run_as(d, 1);
    REQUIRE(sim::mmuext(MMUEXT_PIN_L3_TABLE, l3) == 0);
    sim::run_as(d, 0);
    REQUIRE(sim::mmuext(MMUEXT_TLB_FLUSH_LOCAL, Mfn{0}) == 0);   // finishes what it left
    CHECK(page_of(root).type_uses() == 0);
    CHECK(page_of(l3).type_uses() == 1);
    CHECK(page_of(l2).type_uses() == 1);
    CHECK(sim::census(d) == "");
    arch::set_current_vcpu(current.outer);
    sim::destroy_domain(d);
}

TEST_CASE("a page that was given up and then pinned goes with its domain") {
    Current current;
    u64 before = memory::free_pages();
    for (unsigned life = 0; life < 40; ++life) {
        Domain& d = sim::create_domain();
        DomId id = d.id;
        Mfn table = sim::give_page(d), page = sim::give_page(d);
        set(table, 0, page, kLeaf);
        sim::run_as(d);
        REQUIRE(sim::mmuext(MMUEXT_PIN_L1_TABLE, table) == 0);
        xen_pfn_t frame = page.raw();
        xen_memory_reservation r{};
        r.extent_start.p = &frame;
        r.nr_extents = 1;
        r.domid = DOMID_SELF;
        REQUIRE(sim::hypercall(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, sim::address(r)) == 1);
        REQUIRE(sim::mmuext(MMUEXT_PIN_L1_TABLE, page) == 0);
        arch::set_current_vcpu(current.outer);
        sim::destroy_domain(d);
        REQUIRE(domain::peek(id) == nullptr);
    }
    CHECK(memory::free_pages() + 16 >= before);
}

TEST_CASE("who undoes a writable mapping of another's page has no translation of it left") {
    sim::Granting g;
    g.grant(0);
    REQUIRE(g.map(0).status == GNTST_okay);
    g.a.dirty_cpus.atomic_set(1);
    u64 before = sim::flushes();
    REQUIRE(update(g.table, 0, Pte{}) == 0);   // behind the back of the grant table
    CHECK(sim::flushes() > before);
    g.a.dirty_cpus.atomic_clear(1);
}

TEST_CASE("a page that is transferred is in no CPU's TLB") {
    sim::Granting g;
    sim::run_as(g.b);
    g.v1[1] = {GTF_accept_transfer, g.a_id, 0};
    Mfn page = sim::give_page(g.a);
    sim::run_as(g.a);
    gnttab_transfer op{page.raw(), g.b_id, 1, 0};
    u64 before = sim::flushes();
    REQUIRE(sim::grant_op(GNTTABOP_transfer, &op) == 0);
    REQUIRE(op.status == GNTST_okay);
    CHECK(sim::flushes() >= before + cpu_online.count());
}

TEST_CASE("a handle of a domain that is gone does nothing to the next domain of that id") {
    Current current;
    Domain& granter = sim::create_domain();
    Domain& first = sim::create_domain();
    Domain& second = sim::create_domain();
    DomId id = granter.id;
    Mfn table = sim::give_page(first), other_table = sim::give_page(second), page = sim::give_page(granter);
    sim::run_as(granter);
    grant_entry_v1* entries = sim::grant_table();
    auto map = [&](Domain& d, Mfn where) {
        sim::run_as(d);
        REQUIRE(sim::mmuext(MMUEXT_PIN_L1_TABLE, where) == 0);
        gnttab_map_grant_ref op{};
        op.host_addr = address_of(where).raw();
        op.flags = GNTMAP_host_map | GNTMAP_contains_pte;
        op.dom = id.raw();
        REQUIRE(sim::grant_op(GNTTABOP_map_grant_ref, &op) == 0);
        REQUIRE(op.status == GNTST_okay);
        return op.handle;
    };
    entries[0] = {GTF_permit_access, first.id.raw(), static_cast<u32>(page.raw())};
    map(first, table);
    REQUIRE(update(table, 0, Pte{}) == 0);
    arch::set_current_vcpu(current.outer);
    sim::destroy_domain(granter);
    REQUIRE(domain::peek(id) == nullptr);

    domain::CreateInfo info;
    info.id = id;
    Domain& next = domain::create(info).value();
    next.max_pages = 16;
    Vcpu& v = domain::create_vcpu(next, VcpuId{0}).value();
    v.initialised = v.arch.in_kernel = true;
    page = sim::give_page(next);
    sim::run_as(next);
    entries = sim::grant_table();
    entries[0] = {GTF_permit_access, second.id.raw(), static_cast<u32>(page.raw())};
    map(second, other_table);
    arch::set_current_vcpu(current.outer);
    sim::destroy_domain(first);
    CHECK((entries[0].flags & (GTF_reading | GTF_writing)) == (GTF_reading | GTF_writing));
    sim::destroy_domain(second);
    CHECK((entries[0].flags & (GTF_reading | GTF_writing)) == 0);
    sim::destroy_domain(next);
}
