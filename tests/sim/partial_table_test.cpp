// SPDX-License-Identifier: MIT
// Tables whose validation or teardown yielded half-way: several entries that name one table below, others who pick that
// table up in the meantime, and entries that name somebody else's.
#include <catch2/catch.hpp>

#include <asm/mm.hpp>
#include <sim/machine.hpp>
#include <xen/memory.hpp>
#include <xen/softirq.hpp>

#include <vector>

#include "census.hpp"
#include "guest.hpp"

using namespace xen;
using arch::Pte;

namespace {

constexpr u64 kRw = Pte::kPresent | Pte::kUser | Pte::kWrite;

class Guest {
public:
    explicit Guest(unsigned pages) : d{(sim::start(), sim::create_domain({.vcpus = 2, .pages = 64}))} {
        for (unsigned i = 0; i < pages; ++i) pages_.push_back(sim::give_page(d));
    }
    ~Guest() {
        softirq::pending_mask.local().store(0, std::memory_order_relaxed);
        sim::destroy_domain(d);
    }
    Mfn page(unsigned i) const { return pages_[i]; }
    PageInfo& info(unsigned i) { return page_of(pages_[i]); }
    void set(unsigned table, unsigned entry, Mfn to, u64 flags = kRw) {
        static_cast<Pte*>(arch::direct_map(pages_[table]))[entry] = Pte::make(to, flags);
    }
    // All entries that a guest may use, to one page below.
    void fill(unsigned table, unsigned to, bool top) {
        for (unsigned i = 0; i < arch::kEntries; ++i)
            if (!top || i < arch::kFirstXenSlot || i > arch::kLastXenSlot) set(table, i, pages_[to]);
    }
    // One entry into a call, which has to yield whenever it looks; true when it is over.
    bool start(u32 vcpu, u32 cmd, Mfn frame) {
        op_[vcpu] = {};
        op_[vcpu].cmd = cmd;
        op_[vcpu].arg1.mfn = frame.raw();
        sim::On on{*d.vcpus[vcpu]};
        sim::load({__HYPERVISOR_mmuext_op, {sim::address(op_[vcpu]), 1, 0, DOMID_SELF}});
        return sim::enter(true);
    }
    bool go_on(u32 vcpu) {
        sim::On on{*d.vcpus[vcpu]};
        return sim::enter(true);
    }
    unsigned finish(u32 vcpu) {
        unsigned n = 1;
        while (!go_on(vcpu)) REQUIRE(++n < 100'000);
        return n;
    }
    s64 result(u32 vcpu) const { return static_cast<s64>(d.vcpus[vcpu]->arch.regs.rax); }
    Domain& d;

private:
    std::vector<Mfn> pages_;
    mmuext_op_t op_[2]{};
};

// L4, L3, L2, L1 in pages 0 to 3, each entry of each in use; the L1 maps page 4.
void fill_levels(Guest& g) {
    for (unsigned level = 0; level < 4; ++level) g.fill(level, level + 1, level == 0);
}

}  // namespace

TEST_CASE("a table that many entries name is taken down once") {
    Guest g{5};
    fill_levels(g);
    REQUIRE_FALSE(g.start(0, MMUEXT_PIN_L4_TABLE, g.page(0)));
    REQUIRE(g.finish(0) > 500);
    REQUIRE(g.result(0) == 0);
    REQUIRE(sim::census(g.d) == "");
    CHECK(g.start(0, MMUEXT_UNPIN_TABLE, g.page(0)));   // what is left to take down holds up the next call
    if (!g.start(0, MMUEXT_TLB_FLUSH_LOCAL, g.page(0))) CHECK(g.finish(0) > 500);
    CHECK(sim::census(g.d) == "");
    for (unsigned i = 0; i < 5; ++i) CHECK(g.info(i).type_uses() == 0);
}

TEST_CASE("a table that another picks up in the middle of its teardown stays that one's") {
    Guest g{6};
    for (unsigned level = 1; level < 4; ++level) g.fill(level, level + 1, false);
    g.set(0, 0, g.page(1));
    g.set(5, 0, g.page(1));   // another L4 that uses the same L3
    REQUIRE_FALSE(g.start(0, MMUEXT_PIN_L4_TABLE, g.page(0)));
    g.finish(0);
    REQUIRE(g.start(0, MMUEXT_UNPIN_TABLE, g.page(0)));
    REQUIRE_FALSE(g.start(0, MMUEXT_TLB_FLUSH_LOCAL, g.page(0)));
    for (unsigned n = 0; n < 20; ++n) REQUIRE_FALSE(g.go_on(0));
    CHECK(sim::census(g.d) == "");
    unsigned rounds = GENERATE(0, 1, 400);
    bool pinned = g.start(1, MMUEXT_PIN_L4_TABLE, g.page(5));
    for (unsigned n = 0; n < rounds && !pinned; ++n) pinned = g.go_on(1);
    bool gone = g.go_on(0);   // the first goes on between
    if (!pinned) g.finish(1);
    REQUIRE(g.result(1) == 0);
    if (!gone) g.finish(0);
    CHECK(sim::census(g.d) == "");
    CHECK(g.info(1).page_type() == PageType::l3);
    CHECK(g.info(1).type_uses() >= 1);
    CHECK(g.info(3).page_type() == PageType::l1);
    CHECK(g.info(3).type_uses() == arch::kEntries);
}

TEST_CASE("an entry that names another domain's half-done table leaves it alone") {
    Guest victim{5};
    fill_levels(victim);
    REQUIRE_FALSE(victim.start(0, MMUEXT_PIN_L4_TABLE, victim.page(0)));
    REQUIRE_FALSE(victim.go_on(0));
    PageInfo& half = victim.info(1);
    REQUIRE((half.type.load() & PageInfo::kPartial));
    u64 type = half.type.load(), count = half.count.load();
    u16 done = half.table.done;
    {
        Guest other{1};
        other.set(0, 0, victim.page(1));
        REQUIRE(other.start(0, MMUEXT_PIN_L4_TABLE, other.page(0)));
        CHECK(other.result(0) < 0);
    }
    CHECK(half.type.load() == type);
    CHECK(half.count.load() == count);
    CHECK(half.table.done == done);
    victim.finish(0);
    CHECK(victim.result(0) == 0);
    CHECK(sim::census(victim.d) == "");
}
