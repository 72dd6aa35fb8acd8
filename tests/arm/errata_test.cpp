// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>

#include <vector>

#include "arch/arm/errata/patch.hpp"
#include "arch/arm/errata/table.hpp"

using namespace xen;
using errata::Processor;
using errata::Workaround;

namespace {

// An Arm core (implementer 0x41, architecture by ID registers) as variant and revision, rNpM.
u64 midr(unsigned part, unsigned r, unsigned p) { return u64{0x410f0000} | r << 20 | part << 4 | p; }
u64 csv2(unsigned v) { return u64{v} << 56; }
bool needs(const Processor& p, Workaround w) { return errata::needed_by(p) & errata::bit(w); }

constexpr u32 kNop = 0xd503201f;

struct Code {
    u32 words[16];
    errata::Site sites[3];
    Code() {
        for (u32& w : words) w = kNop;
    }
    void site(unsigned n, unsigned at, unsigned to, Workaround w) {
        errata::Site& s = sites[n];
        s.at = static_cast<s32>(reinterpret_cast<char*>(&words[at]) - reinterpret_cast<char*>(&s.at));
        s.to = static_cast<s32>(reinterpret_cast<char*>(&words[to]) - reinterpret_cast<char*>(&s.to));
        s.workaround = static_cast<u32>(w);
    }
    Maybe<usize> patch(errata::Workarounds needed) {
        return errata::patch(sites, needed, [](u64 at, u32 word) { *reinterpret_cast<u32*>(at) = word; });
    }
};

}  // namespace

TEST_CASE("a fault is known by part, variant and revision") {
    CHECK(needs({midr(0xd07, 1, 0)}, Workaround::acquire_devices));
    CHECK(needs({midr(0xd07, 1, 2)}, Workaround::ask_stage1));
    CHECK_FALSE(needs({midr(0xd07, 1, 3)}, Workaround::ask_stage1));
    CHECK(needs({midr(0xd07, 1, 3)}, Workaround::switch_without_walks));
    CHECK_FALSE(needs({midr(0xd08, 0, 3)}, Workaround::acquire_devices));
    CHECK(needs({midr(0xd03, 0, 4)}, Workaround::clean_and_forget));
    CHECK(needs({midr(0xd09, 0, 2)}, Workaround::count_twice));
    CHECK(needs({midr(0xd0b, 3, 0)}, Workaround::flush_twice));
    CHECK_FALSE(needs({midr(0xd0b, 4, 1)}, Workaround::flush_twice));
    CHECK(errata::needed_by({0}) == 0);
    u64 other = (midr(0xd07, 1, 0) & ~u64{0xff000000}) | u64{0x51000000};   // another implementer's part of that number
    CHECK(errata::needed_by({other}) == 0);
}

TEST_CASE("a processor that declares itself safe, or whose firmware has nothing, is left alone") {
    Processor p{midr(0xd08, 0, 3), csv2(0), true};
    CHECK(needs(p, Workaround::firmware_barrier));
    CHECK(needs(p, Workaround::branches_8));
    p.firmware_barrier = false;
    CHECK_FALSE(needs(p, Workaround::firmware_barrier));
    p = {midr(0xd08, 1, 0), csv2(1), true};
    CHECK_FALSE(needs(p, Workaround::firmware_barrier));
    CHECK(needs(p, Workaround::branches_8));
    p = {midr(0xd49, 0, 1), csv2(3)};
    CHECK(errata::needed_by(p) == 0);
    CHECK(needs({midr(0xd49, 0, 1), csv2(2)}, Workaround::branches_32));
}

TEST_CASE("each fault of the table is one that some processor has") {
    for (const errata::Erratum& e : errata::table()) {
        Processor first{midr(e.part, e.first >> 4, e.first & 15), 0, true};
        CAPTURE(e.name);
        CHECK(errata::has(first, e));
        CHECK(e.first <= e.last);
        CHECK(e.workaround < Workaround::count);
    }
}

TEST_CASE("a branch's distance is its immediate") {
    CHECK(*errata::branch(4) == 0x14000001);
    CHECK(*errata::branch(-4) == 0x17ffffff);
    CHECK(*errata::branch((s64{1} << 27) - 4) == 0x15ffffff);
    CHECK(*errata::branch(-(s64{1} << 27)) == 0x16000000);
    CHECK_FALSE(errata::branch(s64{1} << 27));
    CHECK_FALSE(errata::branch(-(s64{1} << 27) - 4));
    CHECK_FALSE(errata::branch(2));
}

TEST_CASE("only the places that are asked for change, and the last of one place wins") {
    Code c;
    c.site(0, 1, 9, Workaround::branches_8);
    c.site(1, 1, 12, Workaround::branches_24);
    c.site(2, 3, 0, Workaround::count_twice);
    CHECK(*c.patch(0) == 0);
    for (u32 w : c.words) CHECK(w == kNop);
    CHECK(*c.patch(errata::bit(Workaround::branches_8)) == 1);
    CHECK(c.words[1] == *errata::branch(8 * 4));
    CHECK(c.words[3] == kNop);
    CHECK(*c.patch(errata::bit(Workaround::branches_8) | errata::bit(Workaround::branches_24) | errata::bit(Workaround::count_twice)) == 3);
    CHECK(c.words[1] == *errata::branch(11 * 4));
    CHECK(c.words[3] == *errata::branch(-3 * 4));
}
