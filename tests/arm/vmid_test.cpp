// SPDX-License-Identifier: MIT
#include <asm/cpu.hpp>
#include <catch2/catch.hpp>
#include <set>
#include <vector>

#include "arch/arm/mm/vmid.hpp"

using namespace xen;

namespace {

// All that can be had, each once, and never 0; then all are given back.
unsigned most(u64 id_aa64mmfr1) {
    u64 before = std::exchange(sim::processor.id[7][1], id_aa64mmfr1);
    std::set<unsigned> taken;
    while (auto id = vmid::take()) {
        REQUIRE(*id != 0);
        REQUIRE(taken.insert(*id).second);
    }
    auto some = *taken.begin();
    vmid::give(static_cast<u16>(some));
    auto again = vmid::take();
    CHECK((again && *again == some));
    for (unsigned id : taken) vmid::give(static_cast<u16>(id));
    sim::processor.id[7][1] = before;
    return static_cast<unsigned>(taken.size());
}

}  // namespace

TEST_CASE("domains are told apart by as many bits as the processor has") {
    CHECK(most(0x00) == 255);
    CHECK(most(0x20) == 65535);
    CHECK(most(0x10) == 255);   // reserved: not 16
}
