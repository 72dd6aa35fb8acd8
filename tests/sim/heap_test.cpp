// SPDX-License-Identifier: MIT
// The hypervisor's small blocks: how many pages it keeps for them.
#include <catch2/catch.hpp>
#include <xen/heap.hpp>
#include <xen/memory.hpp>

#include <algorithm>
#include <random>
#include <vector>

#include "kernel.hpp"

using namespace xen;
using namespace xen::sim;

namespace {

constexpr usize kSizes[] = {16, 48, 256, 1024, 1360, 2048};

struct Blocks {
    std::vector<void*> all;
    Blocks(usize bytes, usize count) {
        for (usize i = 0; i < count; ++i) REQUIRE(all.emplace_back(heap::allocate(bytes)));
    }
    ~Blocks() { for (void* p : all) heap::release(p); }
    void release_in_any_order(std::mt19937& r) {
        std::shuffle(all.begin(), all.end(), r);
        for (void* p : all) heap::release(p);
        all.clear();
    }
};

}  // namespace

TEST_CASE("the heap keeps as many pages for blocks that stay, whatever came and went beside them, in whatever order") {
    start();
    std::mt19937 random{1};
    for (usize bytes : kSizes) {
        usize slab = kPageSize / bytes;
        Blocks staying{bytes, slab + 1};                   // one slab has room for the others
        heap::release(heap::allocate(bytes));
        u64 before = memory::free_pages();
        for (int round = 0; round < 50; ++round) {
            Blocks passing{bytes, 1 + random() % (3 * slab)};
            passing.release_in_any_order(random);
            INFO("blocks of " << bytes << " bytes, round " << round);
            CHECK(memory::free_pages() == before);
        }
    }
}
