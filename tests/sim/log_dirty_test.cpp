// SPDX-License-Identifier: MIT
// XEN_DOMCTL_shadow_op as the toolstack sees it: what it gives, and how it ends where something is wrong.
#include <xen/log_dirty.hpp>
#include <xen/rangeset.hpp>

#include "census.hpp"
#include "dirty_guest.hpp"

using namespace xen;
using namespace xen::sim;

namespace {

constexpr u32 kEnable = XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, kOff = XEN_DOMCTL_SHADOW_OP_OFF,
              kClean = XEN_DOMCTL_SHADOW_OP_CLEAN, kPeek = XEN_DOMCTL_SHADOW_OP_PEEK;
constexpr unsigned kPages = 20, kTable = 0;   // page 0 is an L1 table

struct Logged {
    Window window;
    Domain& control = (start(), create_domain({.privileged = true}));
    Domain& d;
    Processor processor;
    DirtyLog log;
    std::vector<Mfn> pages;
    u8* bitmap = arena.bytes + 4 * kPageSize;

    explicit Logged(u64 most = 250) : d{create_domain({.vcpus = 1, .pages = most})}, log{control, d} {
        for (unsigned i = 0; i < kPages; ++i) {
            pages.push_back(give_page(d));
            mm::set_m2p(pages[i], i);
            if (i) entry(i) = Pte::make(pages[i], Pte::kPresent | Pte::kWrite);
        }
        d.dirty_cpus.atomic_set(1);
        On on{*d.vcpus[0], CpuId{1}};
        mmuext_op& pin = window.at<mmuext_op>(1);
        pin.cmd = MMUEXT_PIN_L1_TABLE;
        pin.arg1.mfn = pages[kTable].raw();
        REQUIRE(sim::hypercall(__HYPERVISOR_mmuext_op, address(pin), 1, 0, DOMID_SELF) == 0);
    }
    ~Logged() {
        destroy_domain(d);
        destroy_domain(control);
    }
    Pte& entry(unsigned i) { return static_cast<Pte*>(arch::direct_map(pages[kTable]))[i]; }
    void write(unsigned page) { REQUIRE(processor.write(CpuId{1}, &entry(page), 3, 1 + page)); }
    s64 call(u32 what, u64 n = 0, u8* to = nullptr) { return log.run(log.op(what, n, to)); }
    // The same by a call that is never asked to yield.
    s64 at_once(u32 what, u64 n, u8* to) {
        log.argument() = log.op(what, n, to);
        On on{*control.vcpus[0]};
        softirq::pending_mask.local().store(0, std::memory_order_relaxed);
        load({__HYPERVISOR_domctl, {address(log.argument())}});
        REQUIRE(enter(false));
        return log.result();
    }
    // The guest's own update of entries of its table.
    void update(const std::vector<std::pair<unsigned, Pte>>& entries) {
        On on{*d.vcpus[0], CpuId{1}};
        mmu_update* list = &window.at<mmu_update>(8);
        for (usize i = 0; i < entries.size(); ++i)
            list[i] = {address_of(pages[kTable]).raw() + entries[i].first * sizeof(Pte), entries[i].second.raw};
        REQUIRE(sim::hypercall(__HYPERVISOR_mmu_update, reinterpret_cast<u64>(list), entries.size(), 0, DOMID_SELF) == 0);
    }
    // What a CLEAN or PEEK gave: one bit for each of the pages, without the table.
    u64 given(u32 what, u64 n = 64) {
        memset(bitmap, 0xa5, kPageSize);
        REQUIRE(call(what, n, bitmap) == 0);
        REQUIRE(log.argument().u.shadow_op.pages == n);
        u64 word;
        memcpy(&word, bitmap, sizeof(word));
        if (n < 64) word &= (u64{1} << n) - 1;
        return word & ~(u64{1} << kTable);
    }
};

u64 bit(unsigned page) { return u64{1} << page; }

}  // namespace

TEST_CASE("CLEAN names what was written since the last, PEEK leaves it, OFF ends it") {
    Logged l;
    l.write(1);
    REQUIRE(l.call(kEnable) == 0);
    CHECK(l.given(kClean) == 0);
    l.write(2);
    l.write(7);
    CHECK(l.given(kPeek) == (bit(2) | bit(7)));
    CHECK(l.log.argument().u.shadow_op.stats.dirty_count == 3);   // and the table
    CHECK(l.given(kPeek) == (bit(2) | bit(7)));
    CHECK(l.given(kClean) == (bit(2) | bit(7)));
    CHECK(l.given(kClean) == 0);
    l.write(7);
    CHECK(l.given(kClean) == bit(7));
    CHECK(l.call(kOff) == 0);
    CHECK(l.call(kClean, 64, l.bitmap) == 0);
    CHECK(l.log.argument().u.shadow_op.pages == 0);
    CHECK(census(l.d) == "");
    // And again.
    REQUIRE(l.call(kEnable) == 0);
    l.write(3);
    CHECK(l.given(kClean) == bit(3));
}

TEST_CASE("the errors of shadow_op") {
    Logged l;
    CHECK(l.call(kOff) == -EINVAL);
    REQUIRE(l.call(kEnable) == 0);
    CHECK(l.call(kEnable) == -EINVAL);
    xen_domctl x = l.log.op(XEN_DOMCTL_SHADOW_OP_ENABLE);
    CHECK(l.log.run(x) == -EINVAL);
    x.u.shadow_op.mode = XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY;
    CHECK(l.log.run(x) == -EINVAL);
    x = l.log.op(kClean, 64, l.bitmap);
    x.u.shadow_op.mode = XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL;
    CHECK(l.log.run(x) == 0);
    x.u.shadow_op.mode |= 1u << 30;
    CHECK(l.log.run(x) == -EINVAL);
    CHECK(l.call(99) == -EINVAL);
    CHECK(l.call(XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION) == -EINVAL);
    x = l.log.op(kClean, 64, l.bitmap);
    x.domain = l.control.id.raw();
    CHECK(l.log.run(x) == -EINVAL);
    x.domain = kNobody;
    CHECK(l.log.run(x) == -ESRCH);
    CHECK(l.call(kOff) == 0);
    CHECK(l.log.run((x = l.log.op(XEN_DOMCTL_SHADOW_OP_ENABLE), x.u.shadow_op.mode = XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY, x)) == 0);
}

TEST_CASE("a bitmap may be shorter or longer than the domain, or not be wanted") {
    Logged l;
    REQUIRE(l.call(kEnable) == 0);
    for (unsigned i : {1u, 7u, 8u, 9u, 19u}) l.write(i);
    // Whole bytes are given, no byte behind them is touched, and what was not given stays.
    CHECK(l.given(kClean, 6) == bit(1));
    CHECK(l.bitmap[1] == 0xa5);
    CHECK(l.given(kPeek) == (bit(8) | bit(9) | bit(19)));
    CHECK(l.call(kClean, 0, l.bitmap) == 0);
    CHECK(l.given(kPeek) == (bit(8) | bit(9) | bit(19)));
    CHECK(l.call(kPeek) == 0);
    CHECK(l.log.argument().u.shadow_op.stats.dirty_count == 4);
    // Without a bitmap it cleans.
    CHECK(l.call(kClean, 10) == 0);
    CHECK(l.log.argument().u.shadow_op.pages == 10);
    CHECK(l.given(kPeek) == bit(19));
    // Zeroes behind the domain's last page.
    CHECK(l.given(kClean, 8192) == bit(19));
    for (unsigned i = 3; i < 1024; ++i) REQUIRE(l.bitmap[i] == 0);
    CHECK(l.bitmap[1024] == 0xa5);
    // As many as the ABI has.
    CHECK(l.call(kClean, ~u64{0}) == 0);
    CHECK(l.log.argument().u.shadow_op.pages == u64{1} << 42);
}

TEST_CASE("a page with a number beyond what the domain may have is named with all its neighbours") {
    Logged l;
    REQUIRE(l.call(kEnable) == 0);
    mm::set_m2p(l.pages[5], 1000);
    l.write(5);
    CHECK(l.given(kClean, 64) == 0);
    CHECK(l.given(kClean, 2048) == 0);
    CHECK(l.bitmap[125] == 0xff);
    CHECK(l.bitmap[32] == 0xff);
    CHECK(l.bitmap[31] == 0);
    // Its entries are not counted either: it may be written by others, as long as it may be written.
    CHECK(l.given(kClean, 2048) == 0);
    CHECK(l.bitmap[125] == 0xff);
}

TEST_CASE("what could not be given is named the next time") {
    Logged l;
    REQUIRE(l.call(kEnable) == 0);
    l.write(3);
    l.write(11);
    u8* end = arena.bytes + Arena::kBytes;
    unsigned lost = GENERATE(0u, 32u);   // bytes that the caller gets before the fault
    CHECK(l.call(kClean, 8192, end - lost) == -EFAULT);
    CHECK(l.call(kPeek, 8192, end - lost) == -EFAULT);
    CHECK(l.given(kClean) == (bit(3) | bit(11)));
    CHECK(l.given(kClean) == 0);
}

TEST_CASE("one call at a time; one that does not come back is forgotten after a second") {
    Logged l;
    REQUIRE(l.call(kEnable) == 0);
    l.write(3);
    u32 left = GENERATE(kClean, kPeek);
    unsigned slices = GENERATE(1u, 3u, 5u, 9u);
    memset(l.bitmap, 0, 8);
    bool over = l.log.start(l.log.op(left, 250, l.bitmap));
    for (unsigned n = 1; n < slices && !over; ++n) over = l.log.go_on();
    REQUIRE_FALSE(over);
    CHECK(l.call(kOff) == -EBUSY);
    CHECK(l.call(left == kClean ? kPeek : kClean, 250, l.bitmap) == -EBUSY);
    CHECK(l.call(left, 64, l.bitmap) == -EBUSY);
    CHECK(l.call(kEnable) == -EBUSY);
    SECTION("it goes on") {
        CHECK(l.call(left, 250, l.bitmap) == 0);
        CHECK((l.bitmap[0] & bit(3)));
        CHECK(l.given(kClean) == (left == kClean ? 0 : bit(3)));
    }
    SECTION("it does not") {
        advance(seconds(2));
        CHECK(l.given(kClean) == bit(3));
        CHECK(l.given(kClean) == 0);
    }
    SECTION("the record ends") {
        advance(seconds(2));
        CHECK(l.call(kOff) == 0);
        CHECK(l.call(kEnable) == 0);
        CHECK(l.given(kClean) == 0);
    }
}

TEST_CASE("enabling may stop anywhere") {
    Logged l;
    unsigned slices = GENERATE(1u, 2u, 3u, 5u, 8u);
    bool over = l.log.start(l.log.op(kEnable));
    for (unsigned n = 1; n < slices && !over; ++n) over = l.log.go_on();
    REQUIRE_FALSE(over);
    l.write(4);
    SECTION("it goes on") {
        while (!l.log.go_on()) {
        }
        CHECK(l.log.result() == 0);
        l.write(5);
        CHECK((l.given(kClean) & bit(5)));
    }
    SECTION("it does not") {
        CHECK(l.call(kClean, 64, l.bitmap) == -EBUSY);
        advance(seconds(2));
        bool is_on = l.d.arch.log_dirty != nullptr;
        CHECK(l.call(kClean, 64, l.bitmap) == 0);
        CHECK(l.log.argument().u.shadow_op.pages == (is_on ? 64 : 0));
        CHECK(l.call(kEnable) == (is_on ? -EINVAL : 0));
        CHECK(l.call(kOff) == 0);
    }
}

TEST_CASE("a domain that dies takes its record along, in whatever state") {
    start();
    u64 before = 0;
    for (unsigned slices : {0u, 0u, 1u, 4u, 9u, 20u}) {
        {
            Logged l;
            xen_domctl enable = l.log.op(kEnable), clean = l.log.op(kClean, 250, l.bitmap);
            if (slices < 10) REQUIRE(l.log.run(enable) == 0);
            bool over = l.log.start(slices < 10 ? clean : enable);
            for (unsigned n = 1; n < slices && !over; ++n) over = l.log.go_on();
            // Once it is dying there is nothing to ask for, and that is no mistake.
            l.d.dying.store(Dying::dying);
            CHECK(l.call(kClean, 64, l.bitmap) == 0);
            CHECK(l.call(kEnable) == 0);
            l.d.dying.store(Dying::alive);
        }
        if (before) CHECK(memory::free_pages() == before);
        before = memory::free_pages();
    }
    CHECK(log_dirty::domains == 0);
}

TEST_CASE("a large domain's record is read in one go or in pieces, with the same result") {
    bool yields = GENERATE(false, true);
    constexpr u64 kMany = 16384;
    Logged l{kMany};
    for (unsigned i = 0; i < 150; ++i) mm::set_m2p(give_page(l.d), 1000 + i);
    auto call = [&](u32 what, u64 n = 0, u8* to = nullptr) { return yields ? l.call(what, n, to) : l.at_once(what, n, to); };
    auto named = [&](u64 pfn) { return (l.bitmap[pfn / 8] >> pfn % 8 & 1) != 0; };
    REQUIRE(call(kEnable) == 0);
    mm::set_m2p(l.pages[5], 10'000);
    auto write = [&] {
        l.write(3);
        l.write(5);
    };
    write();
    REQUIRE(call(kPeek, kMany, l.bitmap) == 0);
    CHECK((named(3) && named(10'000)));
    CHECK(l.log.argument().u.shadow_op.stats.dirty_count == 3);   // and the table
    // Half-way to the caller its memory ends: all of it is named the next time.
    u8* end = arena.bytes + Arena::kBytes;
    CHECK(call(kClean, kMany, end - kMany / 16) == -EFAULT);
    memset(l.bitmap, 0, kMany / 8);
    REQUIRE(call(kClean, kMany, l.bitmap) == 0);
    CHECK((named(3) && named(10'000)));
    REQUIRE(call(kClean, kMany, l.bitmap) == 0);
    CHECK_FALSE((named(3) || named(10'000)));
    write();
    REQUIRE(call(kClean, kMany, l.bitmap) == 0);
    CHECK((named(3) && named(10'000) && !named(4)));
    CHECK(call(kOff) == 0);
    CHECK(census(l.d) == "");
}

TEST_CASE("pages beyond the record that could not be given are named the next time, pages without a number never") {
    Logged l;
    REQUIRE(l.call(kEnable) == 0);
    mm::set_m2p(l.pages[5], 1000);
    l.write(5);
    CHECK(l.call(kClean, 8192, arena.bytes + Arena::kBytes - 32) == -EFAULT);
    CHECK(l.given(kClean, 2048) == 0);
    CHECK(l.bitmap[125] == 0xff);
    Logged n;
    REQUIRE(n.call(kEnable) == 0);
    mm::set_m2p(n.pages[6], ~u64{0});
    n.write(6);
    CHECK(n.given(kClean, 2048) == 0);
    CHECK(n.bitmap[125] == 0);
}

TEST_CASE("a record covers what the domain has, whatever it may have") {
    Logged small;
    small.d.max_pages = 3;
    REQUIRE(small.call(kEnable) == 0);
    small.write(19);
    CHECK(small.given(kClean) == bit(19));
    Logged large{u64{1} << 40};                                // more than the machine
    REQUIRE(large.call(kEnable) == 0);
    large.write(19);
    CHECK(large.given(kClean) == bit(19));
}

TEST_CASE("entries that lead to a device, and pages with more entries than are counted") {
    constexpr u64 kDevice = u64{1} << 30 >> kPageShift;
    Logged l;
    constexpr u64 kFlags = Pte::kPresent | Pte::kWrite | Pte::kUser;
    REQUIRE(l.d.io_memory->add(kDevice, kDevice));
    l.update({{400, Pte::make(Mfn{kDevice}, kFlags | Pte::kDirty)}});
    REQUIRE(l.call(kEnable) == 0);
    CHECK(l.given(kClean) == 0);
    std::vector<std::pair<unsigned, Pte>> many;
    for (unsigned i = 0; i < 280; ++i) many.push_back({100 + i, Pte::make(l.pages[7], kFlags)});
    l.update(many);
    CHECK(l.given(kClean) == bit(7));                          // nobody could tell who else writes it
    CHECK(l.given(kClean) == bit(7));
    for (auto& e : many) e.second = Pte{};
    l.update(many);
    CHECK(l.given(kClean) == bit(7));
    CHECK(l.given(kClean) == 0);
    // A table has changed, always, by whichever number it goes.
    mm::set_m2p(l.pages[kTable], 9);
    CHECK(l.given(kClean) == bit(9));
    CHECK(l.given(kClean) == bit(9));
    mm::set_m2p(l.pages[kTable], kTable);
}

TEST_CASE("a call under way is its caller's, with the arguments that it began with") {
    Logged l;
    REQUIRE(l.call(kEnable) == 0);
    l.write(3);
    REQUIRE_FALSE(l.log.start(l.log.op(kClean, 250, l.bitmap)));
    Domain& second = create_domain({.privileged = true});
    DirtyLog theirs{second, l.d};
    CHECK(theirs.run(theirs.op(kClean, 250, l.bitmap)) == -EBUSY);
    CHECK(l.call(kClean, 250, l.bitmap + 64) == -EBUSY);
    CHECK(l.call(kClean, 250, l.bitmap) == 0);
    CHECK((l.bitmap[0] & bit(3)));
    destroy_domain(second);
}
