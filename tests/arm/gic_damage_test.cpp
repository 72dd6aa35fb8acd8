// SPDX-License-Identifier: MIT
// Controllers that are described wrongly, or that do not do what they must: said in the log, never an access to what is not
// there (the simulated machine fails the test then).
#include <catch2/catch.hpp>

#include "gic_machine.hpp"

using namespace gic_test;
using gic::Version;
using Catch::Matchers::Contains;

namespace {

const Options kV2{.version = Version::v2, .affinities = {0}}, kV3{.affinities = {0, 1}};

// What is said of a controller that cannot be used.
std::string refusal(const Options& o, const Description& d) {
    Gic g{o};
    describe(g.options, d);
    try {
        return gic::init() ? "it was taken" : g.log();
    } catch (const Panic& p) {
        return p.text;
    }
}

std::string panic_of_boot_cpu(const Options& o, const Description& d = {}) {
    Gic g{o};
    describe(g.options, d);
    REQUIRE(gic::init());
    try {
        gic::init_cpu();
    } catch (const Panic& p) {
        return g.log() + p.text;
    }
    return "";
}

}  // namespace

TEST_CASE("no controller that is known") {
    CHECK_THAT(refusal(kV3, {.compatible = "arm,gic-v5"}), Contains("no GICv2 or GICv3"));
    CHECK_THAT(refusal(kV3, {.marked = false}), Contains("no GICv2 or GICv3"));
}

TEST_CASE("a controller without registers that it must have") {
    CHECK_THAT(refusal(kV3, {.reg = {{kDistributor, 0x10000}}}), Contains("no redistributors"));
    CHECK_THAT(refusal(kV3, {.reg = {{kDistributor, 0x10000}, {0x80a0000, 0x40000}}, .regions = 2}), Contains("no redistributors"));
    CHECK_THAT(refusal(kV3, {.reg = {{kDistributor, 0x1000}, {0x80a0000, 0x40000}}}), Contains("distributor of 0x1000 bytes"));
    CHECK_THAT(refusal(kV3, {.reg = {{kDistributor, 0x10000}, {0x80a0000, 0x10000}}}), Contains("redistributors of 0x10000 bytes"));
    CHECK_THAT(refusal(kV2, {.reg = {{kDistributor, 0x1000}}}), Contains("no CPU interface"));
    CHECK_THAT(refusal(kV2, {.reg = {{kDistributor, 0x1000}, {kCpuInterface, 0x1000}}}), Contains("CPU interface of 0x1000 bytes"));
    CHECK_THAT(refusal(kV2, {.reg = {{kDistributor, 0x1000}, {kCpuInterface, 0x2000}}}), Contains("no virtual interface control"));
    CHECK_THAT(refusal(kV2, {.reg = {{kDistributor, 0x1000}, {kCpuInterface, 0x2000}, {kHypervisor, 0x1000}}}),
               Contains("no virtual CPU interface"));
    CHECK_THAT(refusal(kV2, {.reg = {{kDistributor, 0x10}}}), Contains("distributor of 0x10 bytes"));
}

TEST_CASE("a controller where no registers can be") {
    CHECK_THAT(refusal(kV3, {.reg = {{u64{1} << 50, 0x10000}, {0x80a0000, 0x40000}}}), Contains("cannot be mapped"));
    CHECK_THAT(refusal(kV3, {.reg = {{kDistributor, 0x10000}, {0x80a0000, ~u64{0} >> 1}}}), Contains("cannot be mapped"));
    CHECK_THAT(refusal(kV3, {.reg = {{kDistributor, 0x10000}, {0x80a0000, ~u64{0}}}}), Contains("no redistributors"));   // it wraps
    CHECK_THAT(refusal(kV2, {.reg = {{kDistributor, 0x1000}, {kCpuInterface, u64{1} << 63}, {kHypervisor, 0x1000}, {kVirtualCpu, 0x2000}}}),
               Contains("cannot be mapped"));
}

TEST_CASE("a distance that no redistributors have") {
    for (u64 stride : {u64{4}, u64{0x10000}, u64{0x20001}, u64{0x21000}})
        CHECK_THAT(refusal(kV3, {.stride = stride}), Contains("cannot be " + [&] {
                       char text[32];
                       snprintf(text, sizeof(text), "%#llx bytes apart", static_cast<unsigned long long>(stride));
                       return std::string{text};
                   }()));
}

TEST_CASE("more regions than anybody has") {
    Description d{.reg = {{kDistributor, 0x10000}}, .regions = 17};
    for (u64 i = 0; i < 17; ++i) d.reg.push_back({0x9000000 + i * 0x20000, 0x20000});
    CHECK_THAT(refusal(kV3, d), Contains("more than 16 regions"));
    d.reg.pop_back();
    d.regions = 0xffffffff;
    CHECK_THAT(refusal(kV3, d), Contains("no redistributors"));
}

TEST_CASE("a CPU without a redistributor stays off; the boot CPU cannot") {
    for (bool last : {false, true}) {
        Options o{.affinities = {0, 1}, .frames = {{.affinities = {0}, .last = last}}};
        Gic g{o};
        describe(g.options);
        REQUIRE(gic::init());
        gic::init_cpu();
        g.on(1);
        CHECK_FALSE(gic::reach_cpu());
        CHECK_THAT(g.log(), Contains("CPU 1 has no GICv3 redistributor"));
        g.on(0);
        gic::enable(33);
        g.raise(33);
        CHECK(gic::acknowledge() == 33);
    }
    CHECK_THAT(panic_of_boot_cpu({.affinities = {5}, .frames = {{.affinities = {0, 1}}}}), Contains("CPU 0 has no GICv3 redistributor"));
    // The region is larger by a part of a frame, and the frames go on behind it.
    CHECK_THAT(panic_of_boot_cpu({.affinities = {1}, .frames = {{.affinities = {0, 1}}}},
                                 {.reg = {{kDistributor, 0x10000}, {0x80a0000, 0x30000}}}),
               Contains("CPU 0 has no GICv3 redistributor"));
}

TEST_CASE("a redistributor that sleeps on") {
    CHECK_THAT(panic_of_boot_cpu({.affinities = {0}, .sleeps_on = true}), Contains("does not wake up"));
}

TEST_CASE("a firmware that keeps the system registers") {
    CHECK_THAT(panic_of_boot_cpu({.affinities = {0}, .firmware_keeps_registers = true}), Contains("keeps the GICv3's system registers"));
}

TEST_CASE("a distributor that is busy for ever is not waited for for ever") {
    Gic g{{.affinities = {0}, .distributor_hangs = true}};
    g.start();
    CHECK_THAT(g.log(), Contains("busy for too long"));
}

TEST_CASE("a node without the maintenance interrupt, or with one that is none, has the usual one") {
    for (const std::vector<u32>& interrupts : {std::vector<u32>{}, {0, 40, 4}, {1, 9, 4}}) {
        Gic g{kV3};
        describe(g.options, {.interrupts = interrupts});
        REQUIRE(gic::init());
        CHECK(gic::layout().maintenance == 25);
    }
    Gic g{kV3};
    describe(g.options, {.interrupts = {1, 8, 4}});
    REQUIRE(gic::init());
    CHECK(gic::layout().maintenance == 24);
}

TEST_CASE("what an earlier description left does not count") {
    for (unsigned i = 0; i < 20; ++i) {
        Gic g{kV3};
        g.start();
        CHECK(gic::layout().redistributors.size() == 1);
    }
    Gic g{kV2};
    g.start();
    CHECK(gic::layout().redistributors.empty());
}
