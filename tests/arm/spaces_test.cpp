// SPDX-License-Identifier: MIT
// Address space for pages of others.
#include <catch2/catch.hpp>

#include <random>
#include <vector>

#include "arch/arm/guest_build/spaces.hpp"

using namespace xen;
using namespace xen::guest_build;
using device_tree::Range;

namespace {

constexpr u64 kMiB = 1 << 20;

std::vector<Range> found(std::vector<Range> candidates, std::vector<Range> occupied) {
    Occupied o;
    for (Range r : occupied) REQUIRE(o.push(r));
    Ranges spaces = free_space(candidates, o);
    return {spaces.begin(), spaces.end()};
}

}  // namespace

TEST_CASE("a guest's free address space is what nothing of its own occupies, however that is ordered") {
    Range bank{1024 * kMiB, 1024 * kMiB};
    CHECK(found({bank}, {}) == std::vector<Range>{bank});
    CHECK(found({bank}, {{1500 * kMiB, 100 * kMiB}, {1024 * kMiB, 256 * kMiB}}) ==
          std::vector<Range>{{1280 * kMiB, 220 * kMiB}, {1600 * kMiB, 448 * kMiB}});
    CHECK(found({bank}, {{1000 * kMiB, 2000 * kMiB}, {1100 * kMiB, kMiB}}).empty());
    CHECK(found({bank}, {{1024 * kMiB, 961 * kMiB}}).empty());                                                  // 62 MiB, once they are whole
    CHECK(found({bank}, {{1024 * kMiB, 959 * kMiB}}) == std::vector<Range>{{1984 * kMiB, 64 * kMiB}});
    CHECK(found({{0, 100 * kMiB}, bank}, {{0, 10 * kMiB}}) == std::vector<Range>{{10 * kMiB, 90 * kMiB}, bank});
}

TEST_CASE("no free space overlaps what is occupied") {
    std::mt19937_64 random{1};
    for (int round = 0; round < 500; ++round) {
        std::vector<Range> occupied;
        for (unsigned i = 0; i < round % 20u; ++i) occupied.push_back({random() % 4096 * kMiB, (1 + random() % 300) * kMiB});
        for (Range s : found({{512 * kMiB, 3000 * kMiB}}, occupied)) {
            CHECK((s.start >= 512 * kMiB && s.start + s.bytes <= 3512 * kMiB && s.bytes >= 64 * kMiB));
            for (Range o : occupied) CHECK((o.start + o.bytes <= s.start || s.start + s.bytes <= o.start));
        }
    }
}
