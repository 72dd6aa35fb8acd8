// SPDX-License-Identifier: MIT
// Rules of page tables and descriptor pages, one by one: each is what keeps a PV guest from memory that is not its own.
#include <catch2/catch.hpp>

#include <asm/layout.hpp>
#include <public/memory.h>
#include <xen/rangeset.hpp>
#include <xen/softirq.hpp>

#include "dirty_guest.hpp"
#include "tables.hpp"

using namespace xen;
using namespace xen::sim;

TEST_CASE("the write bit alone is no free change, at no level") {
    TableGuest g{7};
    chain(g);
    REQUIRE(g.mmuext(MMUEXT_PIN_L4_TABLE, 0) == 0);
    REQUIRE(g.map(3, 7, 3, kLeaf) == 0);        // the L1 table maps itself read-only
    CHECK(g.map(3, 7, 3, kRw) < 0);
    CHECK_FALSE(g.get(3, 7).writable());
    REQUIRE(g.map(0, 5, 0, kLeaf) == 0);        // so does the root
    CHECK(g.map(0, 5, 0, kRw) == -EINVAL);
    CHECK_FALSE(g.get(0, 5).writable());
    REQUIRE(g.map(3, 9, 6, kLeaf) == 0);        // and a data page that becomes writable is counted as that
    REQUIRE(g.map(3, 9, 6, kRw) == 0);
    CHECK(g.info(6).type_uses() == 1);
    CHECK(g.census() == "");
    destroy_domain(g.domain());
}

TEST_CASE("a table that others use as one of their own level uses none, and the other way round") {
    TableGuest g{4};
    for (unsigned root = 0; root < 4; ++root) REQUIRE(g.mmuext(MMUEXT_PIN_L4_TABLE, root) == 0);
    REQUIRE(g.map(1, 5, 0, kLeaf) == 0);        // 1 uses 0
    CHECK(g.map(0, 5, 2, kLeaf) == -EINVAL);    // 0 is used
    CHECK(g.map(3, 5, 1, kLeaf) == -EINVAL);    // 1 uses
    REQUIRE(g.map(3, 5, 0, kLeaf) == 0);        // 0 may be used again
    CHECK(g.census() == "");
    REQUIRE(g.update(1, 5, 0) == 0);
    CHECK(g.map(0, 5, 2, kLeaf) == -EINVAL);    // 3 still uses it
    REQUIRE(g.update(3, 5, 0) == 0);
    CHECK(g.map(0, 5, 2, kLeaf) == 0);          // nobody does
    CHECK(g.map(2, 6, 1, kLeaf) == -EINVAL);
    REQUIRE(g.update(0, 5, 0) == 0);
    CHECK(g.map(3, 5, 1, kLeaf) == 0);          // and 1 uses none any more
    CHECK(g.census() == "");
    destroy_domain(g.domain());
}

TEST_CASE("uses of a table by others of its level are counted up to a limit") {
    constexpr unsigned kUsers = 64;               // with 512 entries each: one too many for 15 bits
    TableGuest g{kUsers + 2};
    REQUIRE(g.mmuext(MMUEXT_PIN_L2_TABLE, 0) == 0);
    REQUIRE(g.mmuext(MMUEXT_PIN_L2_TABLE, kUsers + 1) == 0);
    for (unsigned user = 1; user <= kUsers; ++user) {
        for (unsigned i = 0; i < arch::kEntries; ++i) g.set(user, i, 0, kLeaf);
        CHECK((g.mmuext(MMUEXT_PIN_L2_TABLE, user) == 0) == (user < kUsers));
    }
    CHECK(g.map(0, 5, kUsers + 1, kLeaf) == -EINVAL);   // it is used, and so may use none
    CHECK(g.census() == "");
    destroy_domain(g.domain());
}

TEST_CASE("a table stopped half-way keeps its counts, whoever goes on with it") {
    constexpr unsigned kTables = 24, kL2 = 1, kL1 = 2, kData = kL1 + kTables;
    TableGuest g{kData + 1, false, 2};
    for (unsigned i = 0; i < kTables; ++i) {
        g.set(kL2, i, kL1 + i, kRw);
        g.set(kL1 + i, 3, kData, kRw);
    }
    g.set(0, 0, kL2, kRw);
    // One round of the call while there is always other work, and the counts behind it.
    auto round = [&](unsigned cmd) {
        mmuext_op op{};
        op.cmd = cmd;
        op.arg1.mfn = g.page(0).raw();
        load({__HYPERVISOR_mmuext_op, {address(op), 1, 0, DOMID_SELF}});
        bool over = enter(true);
        CHECK(g.census() == "");
        return over;
    };
    Vcpu& first = *g.domain().vcpus[0];
    Vcpu& second = *g.domain().vcpus[1];
    unsigned yields = 0;
    for (; !round(MMUEXT_PIN_L3_TABLE); ++yields) CHECK_FALSE((g.info(0).type.load() & PageInfo::kValidated));
    CHECK(yields >= kTables - 1);
    CHECK(g.info(kData).type_uses() == kTables);
    REQUIRE(round(MMUEXT_UNPIN_TABLE));          // what is left of it waits for this vCPU's next call
    REQUIRE((g.info(0).type.load() & PageInfo::kPartial));
    REQUIRE(g.info(kL2).table.done > 0);
    for (unsigned i = 0; i < 5; ++i) round(MMUEXT_TLB_FLUSH_LOCAL);
    CHECK((g.info(0).type.load() & PageInfo::kPartial));   // as long as the table below is
    CHECK((g.info(kL2).type.load() & PageInfo::kPartial));
    CHECK(g.info(kL2).table.done > 0);
    // Another vCPU wants it as a table again, from where it is.
    arch::set_current_vcpu(&second);
    for (unsigned i = 0; i < 100 && !round(MMUEXT_PIN_L3_TABLE); ++i) {}
    CHECK(static_cast<s64>(second.arch.regs.rax) == 0);
    CHECK((g.info(0).type.load() & (PageInfo::kValidated | PageInfo::kPartial)) == PageInfo::kValidated);
    CHECK(g.info(kData).type_uses() == kTables);
    arch::set_current_vcpu(&first);
    CHECK(g.census() == "");
    softirq::pending_mask.local().store(0, std::memory_order_relaxed);
    destroy_domain(g.domain());
}

TEST_CASE("who may still write to a page is flushed before it becomes a table") {
    TableGuest g{6};
    chain(g);
    g.domain().dirty_cpus.atomic_set(0);
    REQUIRE(g.mmuext(MMUEXT_PIN_L4_TABLE, 0) == 0);
    REQUIRE(g.update(3, 0, 0) == 0);             // the writable mapping goes, its translation may stay
    u64 before = flushes();
    REQUIRE(g.mmuext(MMUEXT_PIN_L1_TABLE, 4) == 0);
    CHECK(flushes() > before);
    REQUIRE(g.mmuext(MMUEXT_UNPIN_TABLE, 4) == 0);
    before = flushes();
    REQUIRE(g.map(3, 0, 4, kRw) == 0);           // the other way: stale entries of a table
    CHECK(flushes() > before);
    g.domain().dirty_cpus.atomic_clear(0);
    destroy_domain(g.domain());
}

TEST_CASE("a frame that may be in a TLB is flushed before somebody else gets it") {
    TableGuest g{1};
    Domain& next = create_domain({.pages = 4096});
    Mfn frame = g.page(0);
    xen_pfn_t list[] = {frame.raw()};
    xen_memory_reservation r{};
    r.extent_start.p = list;
    r.nr_extents = 1;
    r.domid = DOMID_SELF;
    u64 before = flushes();
    REQUIRE(sim::hypercall(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, address(r)) == 1);
    REQUIRE(page_of(frame).references() == 0);
    while (page_of(frame).owner() != &next || !page_of(frame).references()) give_page(next);
    CHECK(flushes() > before);
    destroy_domain(next);
    destroy_domain(g.domain());
}

TEST_CASE("uses of a type are counted up to a limit") {
    TableGuest g{6};
    chain(g);
    REQUIRE(g.mmuext(MMUEXT_PIN_L4_TABLE, 0) == 0);
    u64 word = g.info(4).type.load();
    g.info(4).type.store(word | PageInfo::kTypeCountMask);
    CHECK(g.map(3, 8, 4, kRw) < 0);
    CHECK(g.info(4).type_uses() == PageInfo::kTypeCountMask);
    CHECK_FALSE(g.get(3, 8).present());
    g.info(4).type.store(word);
    u64 count = g.info(5).count.load();
    g.info(5).count.store(count | (PageInfo::kCountMask - 1));
    CHECK(g.map(3, 8, 5, kLeaf) < 0);
    CHECK_FALSE(g.get(3, 8).present());
    g.info(5).count.store(count);
    CHECK(g.census() == "");
    destroy_domain(g.domain());
}

TEST_CASE("an update of the machine-to-phys table keeps no reference") {
    TableGuest g{2};
    REQUIRE(g.update(0, 0, 1234, MMU_MACHPHYS_UPDATE) == 0);
    CHECK(mm::get_m2p(g.page(0)) == 1234);
    CHECK(g.info(0).references() == 1);
    destroy_domain(g.domain());
}

TEST_CASE("device memory is mapped with a permission, and uncached") {
    constexpr u64 kDevice = 0xfee00, kOther = 0xfec00;
    TableGuest g{6};
    chain(g);
    REQUIRE(g.mmuext(MMUEXT_PIN_L4_TABLE, 0) == 0);
    REQUIRE(g.domain().io_memory->add(kDevice, kDevice));
    CHECK(g.update(3, 3, Pte::make(Mfn{kOther}, kRw).raw) == -EPERM);
    CHECK(g.update(3, 3, Pte::make(Mfn{kDevice}, kRw).raw) == 0);
    CHECK(g.get(3, 3).has(Pte::kCacheDisable | Pte::kWriteThrough));
    CHECK(g.update(3, 3, 0) == 0);
    destroy_domain(g.domain());
}

TEST_CASE("descriptors give no privilege") {
    constexpr u64 kPresent = u64{1} << 47, kCode = u64{0xa} << 40, kSegment = u64{1} << 44, kGate = u64{0xc} << 40,
                  kDpl3 = u64{3} << 45, kTss = u64{0x9} << 40, kLdt = u64{0x2} << 40;
    auto level = [](u64 raw) { return raw >> 45 & 3; };
    u64 out;
    REQUIRE(mm::descriptor_ok(kPresent | kSegment | kCode, &out));
    CHECK(level(out) == 3);                                                   // ring 0 becomes the guest's own
    REQUIRE(mm::descriptor_ok(kPresent | kGate | kDpl3 | u64{0xe033} << 16, &out));
    CHECK(level(out) == 0);                                                   // a gate that nobody gets through
    REQUIRE(mm::descriptor_ok(kPresent | kGate | kDpl3 | u64{0x10} << 16, &out));
    CHECK((out >> 16 & 3) == 3);                                              // and that would not lead to ring 0
    CHECK_FALSE(mm::descriptor_ok(kPresent | kGate | u64{1} << 32, &out));    // parameters
    CHECK_FALSE(mm::descriptor_ok(kPresent | kTss, &out));
    CHECK_FALSE(mm::descriptor_ok(kPresent | kLdt, &out));
    CHECK(mm::descriptor_ok(kTss, &out));                                     // what is not present is anything
}

TEST_CASE("descriptor pages are checked, and written by nobody else while they are in use") {
    TableGuest g{7};
    chain(g);
    REQUIRE(g.mmuext(MMUEXT_PIN_L4_TABLE, 0) == 0);
    auto* gdt = static_cast<u64*>(arch::direct_map(g.page(5)));
    auto* other = static_cast<u64*>(arch::direct_map(g.page(6)));
    REQUIRE(g.update(3, 1, 0) == 0);
    auto install = [&](unsigned page) {
        u64 frames[] = {g.page(page).raw()};
        return sim::hypercall(__HYPERVISOR_set_gdt, reinterpret_cast<u64>(frames), 512);
    };
    other[7] = u64{1} << 47 | u64{0x9} << 40;                                 // a present TSS
    CHECK(install(6) == -EINVAL);
    CHECK(g.info(6).references() == 1);
    CHECK(install(4) == -EINVAL);                                             // mapped writable
    gdt[1] = u64{1} << 47 | u64{1} << 44 | u64{0xa} << 40;
    REQUIRE(install(5) == 0);
    CHECK((gdt[1] >> 45 & 3) == 3);
    CHECK(g.map(3, 1, 5, kRw) < 0);
    CHECK(g.map(3, 1, 5, kLeaf) == 0);
    CHECK(sim::hypercall(__HYPERVISOR_update_descriptor, address_of(g.page(5)).raw() + 16, u64{1} << 47 | u64{0x9} << 40) == -EINVAL);
    CHECK(gdt[2] == 0);
    CHECK(sim::hypercall(__HYPERVISOR_update_descriptor, address_of(g.page(5)).raw() + 16, gdt[1]) == 0);
    CHECK(gdt[2] == gdt[1]);
    destroy_domain(g.domain());
}

TEST_CASE("pages of an LDT end at its limit") {
    constexpr u64 kBase = u64{1} << 39 | u64{1} << 30 | u64{1} << 21;
    TableGuest g{7};
    chain(g);
    g.set(3, 2, 6, kLeaf);
    REQUIRE(g.mmuext(MMUEXT_NEW_BASEPTR, 0) == 0);
    Vcpu& v = *g.domain().vcpus[0];
    v.arch.ldt_base = kBase + kPageSize;
    v.arch.ldt_entries = 100;
    CHECK(mm::map_ldt_page(v, 0));
    CHECK(g.info(5).page_type() == PageType::seg_desc);
    CHECK_FALSE(mm::map_ldt_page(v, 1));
    CHECK(g.info(6).type_uses() == 0);
    v.arch.ldt_entries = 513;
    CHECK(mm::map_ldt_page(v, 1));
    CHECK(g.info(6).type_uses() == 1);
    destroy_domain(g.domain());
}

TEST_CASE("INVLPG of an address that is none does nothing") {
    TableGuest g{1};
    auto invalidate = [](u64 at) {
        mmuext_op op{};
        op.cmd = MMUEXT_INVLPG_LOCAL;
        op.arg1.linear_addr = at;
        return sim::hypercall(__HYPERVISOR_mmuext_op, address(op), 1, 0, DOMID_SELF);
    };
    u64 before = flushes();
    CHECK(invalidate(0x0000900000000000) == 0);
    CHECK(flushes() == before);
    CHECK(invalidate(0x1000) == 0);
    CHECK(flushes() == before + 1);
    destroy_domain(g.domain());
}

TEST_CASE("giving up the pages of a large domain yields") {
    start();
    Domain& d = create_domain({.pages = 4096});
    for (unsigned i = 0; i < 1000; ++i) give_page(d);
    unsigned yields = 0;
    while (!domain::kill(d)) ++yields;
    CHECK(yields >= 10);
    destroy_domain(d);
}

TEST_CASE("loading roots keeps their counts") {
    TableGuest g{2};
    for (unsigned root : {0, 1}) REQUIRE(g.mmuext(MMUEXT_PIN_L4_TABLE, root) == 0);
    REQUIRE(g.mmuext(MMUEXT_NEW_USER_BASEPTR, 0) == 0);
    CHECK(g.info(0).type_uses() == 2);
    CHECK(g.census() == "");
    REQUIRE(g.mmuext(MMUEXT_NEW_USER_BASEPTR, 1) == 0);
    CHECK(g.info(0).type_uses() == 1);
    CHECK(g.info(1).type_uses() == 2);
    CHECK(g.census() == "");
    REQUIRE(g.mmuext(MMUEXT_UNPIN_TABLE, 1) == 0);
    CHECK(g.info(1).page_type() == PageType::l4);
    CHECK(g.info(1).type_uses() == 1);
    CHECK(g.census() == "");
    destroy_domain(g.domain());
}

TEST_CASE("a list of updates that yields, or that ends where nothing can be read, has done what it counts") {
    constexpr unsigned kUpdates = 70;             // more than are read at once
    TableGuest g{8};
    chain(g);
    REQUIRE(g.mmuext(MMUEXT_PIN_L4_TABLE, 0) == 0);
    Window window;
    auto* list = reinterpret_cast<mmu_update*>(arena.bytes + Arena::kBytes) - kUpdates;
    auto& done = window.at<u32>(0);
    auto fill = [&](u64 value) {
        for (unsigned i = 0; i < kUpdates; ++i) list[i] = {address_of(g.page(3)).raw() + (100 + i) * sizeof(Pte), value};
    };
    auto entries = [&](u64 value) {
        unsigned n = 0;
        for (unsigned i = 0; i < kUpdates + 10; ++i) n += value ? g.get(3, 100 + i).mfn().raw() << kPageShift == value : g.get(3, 100 + i).present();
        return n;
    };
    u64 page = address_of(g.page(6)).raw();
    fill(page | kLeaf);
    SECTION("at once") {
        CHECK(sim::hypercall(__HYPERVISOR_mmu_update, reinterpret_cast<u64>(list), kUpdates, address(done), DOMID_SELF) == 0);
        CHECK((done == kUpdates && entries(page) == kUpdates));
    }
    SECTION("in pieces") {
        load({__HYPERVISOR_mmu_update, {reinterpret_cast<u64>(list), kUpdates, address(done), DOMID_SELF}});
        unsigned yields = 0;
        while (!enter(true)) {
            ++yields;
            REQUIRE((done == yields && entries(page) == done));
        }
        softirq::pending_mask.local().store(0, std::memory_order_relaxed);
        CHECK(current().arch.regs.rax == 0);
        CHECK((yields == kUpdates - 1 && done == kUpdates && entries(page) == kUpdates));
    }
    SECTION("as far as it can be read") {
        CHECK(sim::hypercall(__HYPERVISOR_mmu_update, reinterpret_cast<u64>(list), kUpdates + 5, address(done), DOMID_SELF) == -EFAULT);
        CHECK((done == kUpdates && entries(page) == kUpdates));
    }
    SECTION("up to the first that is refused") {
        list[50].val = address_of(g.page(2)).raw() | kRw;     // a table, to write
        CHECK(sim::hypercall(__HYPERVISOR_mmu_update, reinterpret_cast<u64>(list), kUpdates, address(done), DOMID_SELF) < 0);
        CHECK((done == 50 && entries(page) == 50));
    }
    fill(0);
    CHECK(sim::hypercall(__HYPERVISOR_mmu_update, reinterpret_cast<u64>(list), kUpdates, 0, DOMID_SELF) == 0);
    CHECK(entries(0) == 0);
    CHECK(g.census() == "");
    destroy_domain(g.domain());
}
