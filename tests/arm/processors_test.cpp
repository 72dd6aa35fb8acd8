// SPDX-License-Identifier: MIT
// The processors of a machine's device tree, and how they are started.
#include <catch2/catch.hpp>

#include <string>

#include "arch/arm/platform/processors.hpp"
#include "log.hpp"

using namespace xen;
using namespace xen::device_tree;
using platform::Processors;

namespace {

struct Cpu {
    u32 reg;
    const char* method = "psci";
    const char* status = nullptr;
    u64 release = 0;
};

void write_cpu(Builder& b, const Cpu& c) {
    b.begin(("cpu@" + std::to_string(c.reg)).c_str());
    b.text("device_type", "cpu");
    b.cells("reg", {c.reg});
    if (c.method) b.text("enable-method", c.method);
    if (c.status) b.text("status", c.status);
    if (c.release) b.cells("cpu-release-addr", {static_cast<u32>(c.release >> 32), static_cast<u32>(c.release)});
    b.end();
}

class Machine {
public:
    explicit Machine(std::initializer_list<Cpu> cpus) {
        Builder b{space_};
        b.begin("");
        b.begin("cpus");
        b.cells("#address-cells", {1});
        b.cells("#size-cells", {0});
        for (const Cpu& c : cpus) write_cpu(b, c);
        b.begin("l2-cache");
        b.text("compatible", "cache");
        b.end();
        b.end();
        b.end();
        auto bytes = b.finish();
        REQUIRE(bytes.ok());
        auto t = Tree::open(bytes.value());
        REQUIRE(t.ok());
        arm_test::log_lines().clear();
        found = platform::read_processors(t.value(), 0x100);
    }
    Processors found;

private:
    alignas(8) u8 space_[16384];
};

}  // namespace

TEST_CASE("the boot CPU is the first, the others follow in the tree's order") {
    Machine m{{0x0}, {0x1}, {0x100}, {0x101}};
    REQUIRE(m.found.size() == 4);
    u64 expected[] = {0x100, 0x0, 0x1, 0x101};
    for (usize i = 0; i < 4; ++i) {
        CHECK(m.found[i].affinity == expected[i]);
        CHECK_FALSE(m.found[i].release);
    }
}

TEST_CASE("a processor of a spin table is released by a word at its own address") {
    Machine m{{0x100, "spin-table", nullptr, 0x8000fff8}, {0x101, "spin-table", "disabled", 0x100008000fff0}, {0x102}};
    REQUIRE(m.found.size() == 3);
    CHECK(m.found[1].release->raw() == 0x100008000fff0);
    CHECK_FALSE(m.found[2].release);
}

TEST_CASE("a processor that nothing can start is left out") {
    Machine m{{0x100}, {0x101, "spin-table"}, {0x102, "spin-table", nullptr, 0x80000004}, {0x103, "psci", "fail-memory"}, {0x104, nullptr, "disabled"},
              {0x105}, {0x105}, {0x106, "psci", "okay"}};
    REQUIRE(m.found.size() == 3);
    CHECK(m.found[1].affinity == 0x105);
    CHECK(m.found[2].affinity == 0x106);
    REQUIRE(arm_test::log_lines().size() == 5);
    CHECK(arm_test::log_lines()[0] == "device tree: cpu@257 has no cpu-release-addr of an aligned word: it cannot be started");
    CHECK(arm_test::log_lines()[4] == "device tree: cpu@261 has the reg of another");
}

TEST_CASE("as many processors as this build can use are found") {
    alignas(8) static u8 space[1 << 20];
    Builder b{space};
    b.begin("");
    b.begin("cpus");
    b.cells("#address-cells", {1});
    for (u32 i = 0; i < config::nr_cpus + 3; ++i) write_cpu(b, {i});
    b.end();
    b.end();
    auto t = Tree::open(b.finish().value());
    REQUIRE(t.ok());
    Processors found = platform::read_processors(t.value(), 2);
    CHECK(found.size() == Processors::kCapacity);
    CHECK(found[0].affinity == 2);
    CHECK(found[1].affinity == 0);
}
