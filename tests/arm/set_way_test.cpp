// SPDX-License-Identifier: MIT
// Cache maintenance by set and way: what each line of a cache stands for.
#include <catch2/catch.hpp>

#include <set>
#include <vector>

#include "arch/arm/guest/cache_shape.hpp"

using namespace xen;
using namespace xen::guest;

namespace {

unsigned bits_for(u32 n) {
    unsigned bits = 0;
    while (u64{1} << bits < n) ++bits;
    return bits;
}

// As a kernel makes its operands (ARM C5.3.14).
u64 operand(const CacheShape& c, unsigned level, u32 set, u32 way) {
    unsigned way_bits = bits_for(c.ways);
    return (way_bits ? u64{way} << (32 - way_bits) : 0) | u64{set} << c.line_shift | level << 1;
}

}  // namespace

TEST_CASE("the shape of a cache is read in both forms of its register") {
    CacheShape a57 = shape_of(0x701fe00a, false);            // Cortex-A57's: 32 KiB, 2 ways
    CHECK(a57.sets == 256);
    CHECK(a57.ways == 2);
    CHECK(a57.line_shift == 6);
    CacheShape wide = shape_of(u64{0x1fff} << 32 | 15 << 3 | 2, true);
    CHECK(wide.sets == 8192);
    CHECK(wide.ways == 16);
    CHECK(wide.line_shift == 6);
}

TEST_CASE("a loop over sets and ways of the first level names each line once, other levels name none") {
    for (CacheShape c : {CacheShape{256, 2, 6}, CacheShape{128, 4, 6}, CacheShape{64, 3, 6}, CacheShape{1, 1, 4}, CacheShape{512, 1, 5}, CacheShape{256, 5, 7}}) {
        std::set<u64> named;
        for (u32 way = 0; way < c.ways; ++way)
            for (u32 set = 0; set < c.sets; ++set) {
                auto line = line_of(c, operand(c, 0, set, way));
                REQUIRE(line);
                CHECK(*line < c.lines());
                named.insert(*line);
                CHECK_FALSE(line_of(c, operand(c, 1, set, way)));
            }
        CHECK(named.size() == c.lines());
        CHECK_FALSE(line_of(c, operand(c, 0, c.sets, 0)));   // no such set
    }
    CHECK_FALSE(line_of({64, 3, 6}, operand({64, 3, 6}, 0, 0, 3)));
}

TEST_CASE("the shares of all lines are all frames, each once") {
    for (u64 lines : {1, 2, 512, 513})
        for (u64 frames : {1, 511, 512, 513, 262144, 1000003}) {
            u64 next = 0;
            for (u64 line = 0; line < lines; ++line) {
                Share s = share_of(line, lines, frames);
                CHECK(s.first == next);
                CHECK(s.end - s.first <= frames / lines + 1);
                next = s.end;
            }
            CHECK(next == frames);
        }
}
