// SPDX-License-Identifier: MIT
// PV page typing on the simulated machine: validation, pins, updates, refusals, and a census after every operation.
#include <asm/mm.hpp>
#include <catch2/catch.hpp>
#include <sim/machine.hpp>
#include <xen/memory.hpp>
#include <xen/softirq.hpp>

#include <random>
#include <vector>

#include "tables.hpp"

using namespace xen;
using namespace xen::sim;

TEST_CASE("pinning a root validates every level and counts what it maps") {
    TableGuest g{6};
    chain(g);
    REQUIRE(g.mmuext(MMUEXT_PIN_L4_TABLE, 0) == 0);
    REQUIRE(g.info(0).page_type() == PageType::l4);
    REQUIRE(g.info(3).page_type() == PageType::l1);
    REQUIRE(g.info(4).page_type() == PageType::writable);
    REQUIRE(g.info(4).type_uses() == 1);
    REQUIRE(g.info(5).type_uses() == 0);
    REQUIRE(g.info(5).references() == 2);
    REQUIRE(g.census() == "");
    SECTION("a second pin is refused") {
        REQUIRE(g.mmuext(MMUEXT_PIN_L4_TABLE, 0) == -EINVAL);
        REQUIRE(g.census() == "");
    }
    SECTION("unpinning gives everything back") {
        REQUIRE(g.mmuext(MMUEXT_UNPIN_TABLE, 0) == 0);
        for (unsigned i = 0; i < 6; ++i) {
            REQUIRE(g.info(i).type_uses() == 0);
            REQUIRE(g.info(i).references() == 1);
        }
        REQUIRE(g.mmuext(MMUEXT_UNPIN_TABLE, 0) == -EINVAL);
    }
    SECTION("a kernel page gets USER and the mark, a user page GLOBAL") {
        REQUIRE(g.get(3, 0).has(Pte::kUser | Pte::kGlobal));
        REQUIRE(g.map(3, 2, 5, Pte::kPresent) == 0);
        REQUIRE(g.get(3, 2).has(Pte::kUser | Pte::kGuestKernel));
        REQUIRE_FALSE(g.get(3, 2).has(Pte::kGlobal));
    }
    sim::destroy_domain(g.domain());
}

TEST_CASE("no table can be mapped writable, no writable page become a table") {
    TableGuest g{7};
    chain(g);
    REQUIRE(g.mmuext(MMUEXT_PIN_L4_TABLE, 0) == 0);
    REQUIRE(g.map(3, 7, 3, kRw) < 0);       // itself
    REQUIRE(g.map(3, 7, 0, kRw) < 0);       // the root
    REQUIRE(g.map(3, 7, 0, kLeaf) == 0);    // read-only is fine
    REQUIRE(g.mmuext(MMUEXT_PIN_L1_TABLE, 4) == -EINVAL);
    REQUIRE(g.map(2, 9, 4, kRw) == -EINVAL);
    REQUIRE(g.census() == "");
    SECTION("after its last writable mapping is gone it may") {
        REQUIRE(g.update(3, 0, 0) == 0);
        REQUIRE(g.mmuext(MMUEXT_PIN_L1_TABLE, 4) == 0);
        REQUIRE(g.map(3, 0, 4, kRw) < 0);
        REQUIRE(g.census() == "");
    }
    sim::destroy_domain(g.domain());
}

TEST_CASE("the hypervisor's slots and others' frames are out of reach") {
    TableGuest victim{1};
    TableGuest g{6};
    chain(g);
    REQUIRE(g.mmuext(MMUEXT_PIN_L4_TABLE, 0) == 0);
    REQUIRE(g.map(0, 256, 1, kRw) == -EINVAL);
    REQUIRE(g.map(0, 271, 1, kRw) == -EINVAL);
    REQUIRE(g.map(0, 272, 1, kRw) == 0);
    REQUIRE(g.update(3, 3, Pte::make(victim.page(0), kRw).raw) < 0);
    REQUIRE(g.update(3, 3, Pte::make(victim.page(0), kLeaf).raw) < 0);
    REQUIRE(g.update(3, 3, Pte::make(Mfn{0xfee00}, kRw).raw) == -EPERM);
    REQUIRE(g.update(2, 3, Pte::make(g.page(3), kRw | Pte::kSuper).raw) == -EINVAL);
    REQUIRE(g.census() == "");
    sim::destroy_domain(g.domain());
    sim::destroy_domain(victim.domain());
}

TEST_CASE("a damaged table is refused and leaves no reference behind") {
    TableGuest g{6};
    chain(g);
    static_cast<Pte*>(arch::direct_map(g.page(3)))[300] = Pte::make(Mfn{2}, kRw);   // not the guest's
    REQUIRE(g.mmuext(MMUEXT_PIN_L4_TABLE, 0) < 0);
    REQUIRE(g.census() == "");
    for (unsigned i = 0; i < 6; ++i) REQUIRE(g.info(i).references() == 1);
    sim::destroy_domain(g.domain());
}

TEST_CASE("linear page tables: read-only, of one level, never chained") {
    TableGuest g{8};
    chain(g);
    REQUIRE(g.mmuext(MMUEXT_PIN_L4_TABLE, 0) == 0);
    REQUIRE(g.map(0, 5, 0, kLeaf) == 0);    // the root maps itself
    REQUIRE(g.map(0, 6, 0, kRw) == -EINVAL);
    REQUIRE(g.mmuext(MMUEXT_PIN_L4_TABLE, 6) == 0);
    REQUIRE(g.map(6, 5, 0, kLeaf) == 0);    // another root maps it
    REQUIRE(g.map(0, 7, 6, kLeaf) == -EINVAL);  // used by others: may not use others
    REQUIRE(g.mmuext(MMUEXT_UNPIN_TABLE, 6) == 0);
    REQUIRE(g.census() == "");
    sim::destroy_domain(g.domain());
}

TEST_CASE("an L1 table is validated in pieces; entries behind the border are plain data until it moves") {
    TableGuest g{8};
    constexpr unsigned kTable = 3, kData = 4, kOther = 5;
    for (unsigned i = 0; i < arch::kEntries; ++i) g.set(kTable, i, kData, kRw);
    mmuext_op pin{};
    pin.arg1.mfn = g.page(kTable).raw();
    auto step = [&](unsigned cmd) {   // until it yields or is over
        pin.cmd = cmd;
        sim::load({__HYPERVISOR_mmuext_op, {sim::address(pin), 1, 0, DOMID_SELF}});
        bool over = sim::enter(true);
        softirq::pending_mask.local().store(0);
        REQUIRE(g.census() == "");
        return over;
    };
    REQUIRE(!step(MMUEXT_PIN_L1_TABLE));
    unsigned border = g.info(kTable).table.done;
    REQUIRE((border > 0 && border < arch::kEntries));
    CHECK(g.info(kData).type_uses() == border);
    CHECK(g.map(kTable, 0, kOther, kRw) == 0);             // counted: its reference moves
    CHECK(g.info(kOther).type_uses() == 1);
    CHECK(g.map(kTable, border, kOther, kRw) == 0);        // not yet
    CHECK(g.info(kOther).type_uses() == 1);
    CHECK(g.update(kTable, border + 1, Pte::make(g.page(kTable), kRw).raw) == 0);   // of itself, writable: found later
    REQUIRE(g.census() == "");
    unsigned steps = 2;
    while (!step(MMUEXT_PIN_L1_TABLE)) ++steps;
    CHECK(g.info(kTable).type_uses() == 0);                // refused, and all given back
    CHECK(g.info(kData).type_uses() == 0);
    CHECK(g.map(kTable, border + 1, kOther, kRw) == 0);
    steps = 1;
    while (!step(MMUEXT_PIN_L1_TABLE)) ++steps;
    CHECK(steps > 4);
    CHECK(g.info(kOther).type_uses() == 3);
    REQUIRE(step(MMUEXT_UNPIN_TABLE));
    CHECK(g.info(kTable).type_uses() == 1);                // begun
    for (steps = 1; g.info(kTable).type_uses(); ++steps) (void)step(MMUEXT_TLB_FLUSH_LOCAL);   // what is left goes first
    CHECK(steps > 4);
    CHECK(g.info(kData).type_uses() == 0);
    sim::destroy_domain(g.domain());
}

TEST_CASE("random updates keep the census") {
    TableGuest g{12};
    std::mt19937 random{20240101};
    auto pick = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    const u64 flags[] = {kRw, kLeaf, Pte::kPresent, 0, kRw | Pte::kNoExecute};
    for (unsigned i = 0; i < 20000; ++i) {
        switch (pick(5)) {
        case 0: g.mmuext(MMUEXT_PIN_L1_TABLE + pick(4), pick(12)); break;
        case 1: g.mmuext(MMUEXT_UNPIN_TABLE, pick(12)); break;
        case 2: g.mmuext(MMUEXT_CLEAR_PAGE, pick(12)); break;
        default: g.map(pick(12), pick(4), pick(12), flags[pick(5)]); break;
        }
        INFO("operation " << i);
        REQUIRE(g.census() == "");
    }
    sim::destroy_domain(g.domain());
}

// Each vCPU has an operation under way, which yields wherever it may; which of them goes on is chance.
TEST_CASE("random updates by two vCPUs that keep yielding keep the census") {
    TableGuest g{10, false, 2};
    struct Side {
        mmuext_op_t op{};
        bool busy = false;
    } sides[2];
    std::mt19937 random{20240102};
    auto pick = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    auto fill = [&](unsigned table) {   // many entries, so that an L1 table takes several pieces
        unsigned target = pick(10);
        if (g.info(table).type_uses()) return;
        for (unsigned i = 0; i < arch::kEntries; i += 1 + pick(3)) g.set(table, i, target, kRw);
    };
    for (unsigned i = 0; i < 6000; ++i) {
        unsigned who = pick(2);
        Side& s = sides[who];
        sim::run_as(g.domain(), who);
        if (!s.busy && pick(3) == 0) {
            if (pick(2)) fill(pick(10));
            else g.map(pick(10), pick(512), pick(10), kRw);
        } else {
            if (!s.busy) {
                s.op.cmd = pick(2) ? MMUEXT_PIN_L1_TABLE + pick(4) : MMUEXT_UNPIN_TABLE;
                s.op.arg1.mfn = g.page(pick(10)).raw();
            }
            sim::load({__HYPERVISOR_mmuext_op, {sim::address(s.op), 1, 0, DOMID_SELF}});
            s.busy = !sim::enter(true);
            softirq::pending_mask.local().store(0);
        }
        INFO("step " << i);
        REQUIRE(g.census() == "");
    }
    sim::run_as(g.domain(), 0);
    sim::destroy_domain(g.domain());
}

TEST_CASE("a dead domain leaves no page behind") {
    sim::start();
    u64 before = memory::free_pages();
    for (unsigned round = 0; round < 20; ++round) {
        TableGuest g{40};
        chain(g);
        REQUIRE(g.mmuext(MMUEXT_PIN_L4_TABLE, 0) == 0);
        sim::destroy_domain(g.domain());
    }
    // The heap keeps one slab of each size it has seen.
    REQUIRE(memory::free_pages() + 16 >= before);
}

TEST_CASE("what the hypervisor had in a page is wiped before a guest gets it") {
    sim::start();
    auto* old = static_cast<u8*>(memory::allocate_heap_pages(Order{0}));
    REQUIRE(old);
    memset(old, 0xa5, kPageSize);
    u64 before = memory::free_pages();
    memory::free_heap_pages(old, Order{0});
    CHECK(memory::free_pages() == before + 1);
    CHECK(memory::scrub_pending() > 0);
    while (memory::scrub_some()) {
    }
    CHECK(memory::scrub_pending() == 0);
    CHECK(memory::free_pages() == before + 1);
    CHECK((old[0] == 0 && old[kPageSize - 1] == 0));
}
