// SPDX-License-Identifier: MIT
// A GICv3's redistributors: each CPU finds the one with its affinity (IHI 0069 12.11.34), wherever it lies.
#include <catch2/catch.hpp>

#include "gic_machine.hpp"

using namespace gic_test;
using gic::Version;

namespace {

// Clusters of clusters, with holes: what boards have.
const std::vector<u64> kSparse{0x000, 0x001, 0x100, 0x103, 0x10000, 0x80f, 0x200000a00, 0xff00ffff0f};

// Each CPU has its own private interrupts and can be reached by each other one.
void check_all(Gic& g) {
    for (unsigned cpu = 0; cpu < g.options.affinities.size(); ++cpu) {
        g.on(cpu);
        gic::enable(20);
        CHECK(g.line(20, cpu).enabled);
        g.raise(20, cpu);
        CHECK(gic::acknowledge() == 20);
        gic::end(20);
        gic::deactivate(20);
        g.lower(20, cpu);
        gic::disable(20);
        gic::enable(80);
        gic::set_affinity(80, CpuId{cpu});
        g.raise(80);
        for (unsigned other = 0; other < g.options.affinities.size(); ++other) CHECK(g.signalled(other) == (other == cpu));
        g.lower(80);
        g.on(0);
        gic::send_sgi(CpuId{cpu}, 7);
        for (unsigned other = 0; other < g.options.affinities.size(); ++other) {
            g.on(other);
            CHECK(gic::acknowledge() == (other == cpu ? 7u : 1023u));
            if (other == cpu) gic::end(7), gic::deactivate(7);
        }
    }
}

}  // namespace

TEST_CASE("CPUs of any affinity find their redistributors in one region") {
    Gic g{{.affinities = kSparse}};
    g.start();
    check_all(g);
    CHECK(gic::layout().redistributors.size() == 1);
    CHECK(gic::layout().redistributor_stride == 0);
}

TEST_CASE("redistributors lie in the order of the hardware, not of the tree") {
    std::vector<u64> reversed{kSparse.rbegin(), kSparse.rend()};
    Gic g{{.affinities = kSparse, .frames = {{.affinities = reversed}}}};
    g.start();
    check_all(g);
}

TEST_CASE("several regions, the last frame of each marked or not") {
    for (bool last : {false, true}) {
        std::vector<Frames> regions;
        for (usize i = 0; i < kSparse.size(); i += 2)
            regions.push_back({.at = 0x9000000 + i * 0x100000, .affinities = {kSparse[i], kSparse[i + 1]}, .last = last});
        Gic g{{.affinities = kSparse, .frames = regions}};
        g.start();
        check_all(g);
        CHECK(gic::layout().redistributors.size() == 4);
    }
}

TEST_CASE("frames of virtual LPIs take twice the room") {
    Gic g{{.affinities = kSparse, .frames = {{.affinities = kSparse, .apart = 0x40000, .virtual_lpis = true}}}};
    g.start();
    check_all(g);
}

TEST_CASE("the tree may say how far they lie apart") {
    for (u64 apart : {u64{0x20000}, u64{0x30000}, u64{0x80000}}) {
        Options o{.affinities = kSparse, .frames = {{.affinities = kSparse, .apart = apart}}};
        Gic g{o};
        describe(o, {.stride = apart});
        REQUIRE(gic::init());
        for (unsigned i = 0; i < kSparse.size(); ++i) {
            g.on(i);
            gic::init_cpu();
        }
        check_all(g);
        CHECK(gic::layout().redistributor_stride == apart);
    }
}

TEST_CASE("a CPU that was off comes back to its redistributor") {
    Gic g{{.affinities = {0, 1}}};
    g.start();
    g.on(1);
    gic::enable(26);
    g.cpu(1).asleep = true, g.cpu(1).on = false, g.cpu(1).registers = false;   // as its power went
    for (unsigned irq = 0; irq < 32; ++irq) g.line(irq, 1) = {};
    g.on(0);
    gic::send_sgi(CpuId{1}, 0);               // it is off: this waits for it, and is dropped when it starts anew
    CHECK_FALSE(g.signalled(1));
    g.on(1);
    REQUIRE(gic::reach_cpu());
    gic::init_cpu();
    CHECK_FALSE(g.signalled(1));
    CHECK_FALSE(g.line(26, 1).enabled);
    check_all(g);
}
