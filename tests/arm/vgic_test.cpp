// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>

#include "machine.hpp"

using namespace arm_test;

namespace {

constexpr u64 kFrame = 0x10000;     // SGIs and PPIs of a redistributor
constexpr u64 kEnable = 0x100, kDisable = 0x180, kPend = 0x200, kUnpend = 0x280, kActivate = 0x300, kDeactivate = 0x380,
              kPriority = 0x400, kConfig = 0xc00;

struct V3 : Guest {
    explicit V3(unsigned vcpus = 2) : Guest{vcpus, vgic::Version::v3} { write(0, 0, 2); }
    void enable_private(unsigned i, unsigned id, u8 priority = 0xa0) {
        write_own(i, kFrame + kEnable, 1u << id);
        write_own(i, kFrame + kPriority + id, priority, 1);
    }
    void enable_spi(unsigned id, u8 priority = 0xa0) {
        write(0, kEnable + id / 32 * 4, 1u << id % 32);
        write(0, kPriority + id, priority, 1);
    }
};

}  // namespace

TEST_CASE("v3 identifies itself") {
    V3 g;
    CHECK((g.read(0, 4) & 31) == 2);              // 96 interrupts
    CHECK(g.read(0, 0) == 0x12);                  // affinity routing, group 1
    CHECK(g.read(0, 0xffe8) == 0x30);
    CHECK(g.read_own(0, 0xffe8) == 0x30);
    CHECK(g.read_own(0, 8, 8) == 0);
    CHECK(g.read_own(1, 8, 8) == (u64{1} << 32 | 1 << 8 | 1 << 4));   // affinity, number, last
    CHECK(g.read_own(1, 12) == 1);
    CHECK(g.read_own(1, 0x14) == 6);              // asleep
    g.write_own(1, 0x14, 0);
    CHECK(g.read_own(1, 0x14) == 0);
}

TEST_CASE("a PPI is taken once, by its vCPU, when enabled") {
    V3 g;
    vgic::inject(g.vcpu(1), 31);
    CHECK(g.acknowledge(1) == 1023);
    CHECK(g.read_own(1, kFrame + kPend) == 1u << 31);
    g.enable_private(1, 31);
    CHECK(g.acknowledge(0) == 1023);
    CHECK(g.acknowledge(1) == 31);
    CHECK(g.read_own(1, kFrame + kActivate) == 1u << 31);
    CHECK(g.read_own(1, kFrame + kPend) == 0);
    g.enter(1);
    g.end(1, 31);
    CHECK(g.read_own(1, kFrame + kActivate) == 0);
    CHECK(g.acknowledge(1) == 1023);
}

TEST_CASE("the distributor's switch holds everything back") {
    V3 g;
    g.enable_private(0, 20);
    g.write(0, 0, 0);
    vgic::inject(g.vcpu(0), 20);
    CHECK(g.acknowledge(0) == 1023);
    CHECK_FALSE(vgic::pending(g.vcpu(0)));
    g.write(0, 0, 2);
    CHECK(g.acknowledge(0) == 20);
}

TEST_CASE("an edge while the interrupt is active comes after it") {
    V3 g;
    g.enable_private(0, 20);
    g.write_own(0, kFrame + kConfig + 4, 2u << 8);
    vgic::inject(g.vcpu(0), 20);
    REQUIRE(g.acknowledge(0) == 20);
    vgic::inject(g.vcpu(0), 20);
    CHECK(g.acknowledge(0) == 1023);
    g.end(0, 20);
    CHECK(g.acknowledge(0) == 20);
}

TEST_CASE("a level stays until it falls") {
    V3 g;
    g.enable_spi(40);
    vgic::set_spi_line(g.domain(), 40, true);
    REQUIRE(g.acknowledge(0) == 40);
    g.end(0, 40);
    REQUIRE(g.acknowledge(0) == 40);
    vgic::set_spi_line(g.domain(), 40, false);
    g.end(0, 40);
    CHECK(g.acknowledge(0) == 1023);
    vgic::set_spi_line(g.domain(), 40, true);
    g.enter(0);
    vgic::set_spi_line(g.domain(), 40, false);    // gone before the guest took it
    CHECK(g.acknowledge(0) == 1023);
}

TEST_CASE("priorities order and preempt, and more interrupts than list registers all come") {
    V3 g;
    for (unsigned id = 32; id < 44; ++id) {
        g.enable_spi(id, static_cast<u8>(0xf0 - (id - 32) * 8));
        vgic::raise_spi(g.domain(), id);
    }
    for (unsigned id = 44; id-- > 32;) {
        REQUIRE(g.acknowledge(0) == id);
        g.end(0, id);
    }
    CHECK(g.acknowledge(0) == 1023);
}

TEST_CASE("nested interrupts beyond the list registers end in order") {
    V3 g;
    for (unsigned n = 0; n < 8; ++n) {
        g.enable_spi(32 + n, static_cast<u8>(0xf0 - n * 16));
        vgic::raise_spi(g.domain(), 32 + n);
        REQUIRE(g.acknowledge(0) == 32 + n);
    }
    for (unsigned n = 8; n-- > 0;) {
        CHECK((g.read(0, kActivate + 4) & 0xff) == (2u << n) - 1);
        g.end(0, 32 + n);
    }
    CHECK((g.read(0, kActivate + 4) & 0xff) == 0);
    vgic::raise_spi(g.domain(), 32);
    CHECK(g.acknowledge(0) == 32);
}

TEST_CASE("an interrupt of the vCPU that runs gets a list register at once, and the others keep theirs") {
    V3 g;
    g.write_own(0, kFrame + kEnable, 0xf);
    g.enter(0);
    auto listed = [&](unsigned n) { return (g.cpu(0).lists[n] & 0x3ff) | (g.cpu(0).lists[n] >> 62) << 16; };
    auto has_work = [&] { return g.vcpu(0).arch.attention.load() != 0; };
    for (u64 sgi = 0; sgi < 3; ++sgi) {
        g.sgi(0, sgi << 24 | 1);
        CHECK(listed(static_cast<unsigned>(sgi)) == (sgi | 1 << 16));
        CHECK_FALSE(has_work());
    }
    REQUIRE(g.cpu(0).acknowledge() == 0);
    g.sgi(0, 1);                                    // pending and active
    CHECK(listed(0) == 3u << 16);
    g.end(0, 0);
    REQUIRE(g.cpu(0).acknowledge() == 0);
    g.end(0, 0);
    g.write_own(0, kFrame + kDisable, 2);           // taken back at once
    CHECK(listed(1) == 0);
    CHECK_FALSE(has_work());
    g.sgi(0, u64{2} << 24 | 1);                     // pending already
    CHECK(listed(2) == (2 | 1 << 16));
    machine().lists = 3;
    for (unsigned id : {40u, 41u, 42u}) {
        g.enable_spi(id);
        vgic::raise_spi(g.domain(), id);
    }
    CHECK(has_work());                              // one too many: all are looked at on the way out
    for (unsigned id : {2u, 40u, 41u, 42u}) {
        CHECK(g.acknowledge(0) == id);
        g.end(0, id);
    }
    CHECK(g.acknowledge(0) == 1023);
}

TEST_CASE("SGIs reach lists of vCPUs and all others") {
    V3 g{3};
    for (unsigned i = 0; i < 3; ++i) g.enable_private(i, 3);
    g.sgi(0, u64{3} << 24 | 6);
    CHECK(machine().notified.count(&g.vcpu(2)));
    CHECK(g.acknowledge(0) == 1023);
    CHECK(g.acknowledge(1) == 3);
    CHECK(g.acknowledge(2) == 3);
    g.end(1, 3);
    g.end(2, 3);
    g.sgi(1, u64{3} << 24 | u64{1} << 40);
    CHECK(g.acknowledge(0) == 3);
    CHECK(g.acknowledge(1) == 1023);
    CHECK(g.acknowledge(2) == 3);
    g.sgi(0, u64{3} << 24 | u64{1} << 16 | 0xffff);   // a cluster that is not there
    g.sgi(0, u64{3} << 24 | u64{1} << 32 | 2);
    CHECK(g.acknowledge(1) == 1023);
}

TEST_CASE("SPIs follow their route, also when pending") {
    V3 g;
    g.enable_spi(50);
    g.write(0, 0x6000 + 50 * 8, 1, 8);
    CHECK(g.read(0, 0x6000 + 50 * 8, 8) == 1);
    vgic::raise_spi(g.domain(), 50);
    CHECK(g.acknowledge(0) == 1023);
    g.enter(1);                                       // listed on vCPU 1
    g.write(0, 0x6000 + 50 * 8, 0, 8);
    g.enter(1);
    CHECK(g.acknowledge(1) == 1023);
    CHECK(g.acknowledge(0) == 50);
    g.end(0, 50);
    g.write(0, 0x6000 + 50 * 8, 0x0500, 8);           // nobody there
    vgic::raise_spi(g.domain(), 50);
    CHECK(g.acknowledge(0) == 1023);
    CHECK(g.acknowledge(1) == 1023);
    g.write(0, 0x6000 + 50 * 8, 1, 8);
    CHECK(g.acknowledge(1) == 50);
}

TEST_CASE("software takes a pending interrupt back, also from another vCPU's list register") {
    V3 g;
    g.enable_spi(50);
    vgic::raise_spi(g.domain(), 50);
    g.enter(0);
    g.write(1, kUnpend + 4, 1u << 18);
    g.enter(0);
    CHECK(g.acknowledge(0) == 1023);
    g.write(1, kPend + 4, 1u << 18);
    CHECK(g.acknowledge(0) == 50);
    g.end(0, 50);
    g.write(0, kDisable + 4, 1u << 18);
    g.write(0, kPend + 4, 1u << 18);
    CHECK(g.acknowledge(0) == 1023);
    CHECK(g.read(0, kPend + 4) == 1u << 18);
    CHECK_FALSE(vgic::pending(g.vcpu(0)));
}

TEST_CASE("software sets and clears what is active") {
    V3 g;
    g.enable_spi(33);
    g.write(0, kActivate + 4, 2);
    vgic::raise_spi(g.domain(), 33);
    CHECK(g.acknowledge(0) == 1023);
    g.write(0, kDeactivate + 4, 2);
    CHECK(g.acknowledge(0) == 33);
}

TEST_CASE("a line of the machine is the guest's from its first enabling to its last end") {
    V3 g;
    REQUIRE(vgic::route(g.domain(), 40));
    CHECK(vgic::route(g.domain(), 40).error() == Errno::busy);
    CHECK(vgic::route(g.domain(), 500).error() == Errno::inval);
    CHECK_FALSE(machine().enabled.count(40));
    g.enable_spi(40);
    CHECK(machine().enabled.count(40));
    machine().active.insert(40);
    vgic::physical(g.domain(), 40);
    REQUIRE(g.acknowledge(0) == 40);
    CHECK(machine().active.count(40));
    g.end(0, 40);
    CHECK_FALSE(machine().active.count(40));
    // Taken back by software before the guest saw it: it may come again.
    machine().active.insert(40);
    vgic::physical(g.domain(), 40);
    g.enter(0);
    g.write(0, kUnpend + 4, 1u << 8);
    g.enter(0);
    CHECK_FALSE(machine().active.count(40));
    g.write(0, kDisable + 4, 1u << 8);
    CHECK_FALSE(machine().enabled.count(40));
    vgic::physical(g.domain(), 41);                   // not routed
    CHECK(machine().deactivated.count(41));
}

TEST_CASE("a line that a guest has no more is off, and can be another's") {
    V3 g;
    REQUIRE(vgic::route(g.domain(), 40));
    g.enable_spi(40);
    CHECK(machine().enabled.count(40));
    vgic::unroute(g.domain(), 40);
    CHECK_FALSE(machine().enabled.count(40));
    vgic::unroute(g.domain(), 40);                    // neither are these its own
    vgic::unroute(g.domain(), 500);
    CHECK(vgic::route(g.domain(), 40).ok());
    CHECK(machine().enabled.count(40));               // the guest has it enabled all the time
}

TEST_CASE("the virtual timer's interrupt goes with its line, and with its vCPU") {
    V3 g;
    g.enable_private(0, 27);
    g.on(0);
    sim::processor.cntv_ctl = 5;
    machine().active.insert(27);
    vgic::physical_private(g.vcpu(0), 27);
    g.enter(0);
    vgic::switch_out(g.vcpu(0));
    CHECK_FALSE(machine().active.count(27));          // another vCPU's may come
    vgic::switch_in(g.vcpu(0));
    CHECK(machine().active.count(27));
    REQUIRE(g.acknowledge(0) == 27);
    sim::processor.cntv_ctl = 1;
    g.end(0, 27);
    CHECK_FALSE(machine().active.count(27));
    machine().active.insert(27);
    vgic::physical_private(g.vcpu(0), 27);            // the line is down already
    CHECK(g.acknowledge(0) == 1023);
    CHECK_FALSE(machine().active.count(27));
}

TEST_CASE("an event is an edge of the upcall flag") {
    V3 g;
    vcpu_info info{};
    g.vcpu(0).info = &info;
    g.enable_private(0, 31);
    info.evtchn_upcall_pending = 1;
    CHECK(g.acknowledge(0) == 1023);
    arch::upcall_raised(g.vcpu(0).arch);
    CHECK(vgic::pending(g.vcpu(0)));
    CHECK(g.acknowledge(0) == 31);
    CHECK(g.acknowledge(0) == 1023);
    g.end(0, 31);
    CHECK(g.acknowledge(0) == 1023);
}

TEST_CASE("odd accesses read as zero and change nothing") {
    V3 g;
    g.enable_spi(40);
    CHECK(g.read(0, kEnable + 4, 8) == 0);
    CHECK(g.read(0, kEnable + 5, 1) == 0);
    g.write(0, kDisable + 4, ~u64{0}, 8);
    g.write(0, kDisable + 4, 0xff, 1);
    CHECK(g.read(0, kEnable + 4) == 1u << 8);
    CHECK(g.read(0, kEnable) == 0);                   // private ones are the redistributor's
    CHECK(g.read(0, kEnable + 0x7c) == 0);            // beyond the last
    g.write(0, kEnable + 0x7c, ~u64{0});
    for (u64 at = 0; at < 0x10000; at += 4) {
        g.write(0, at, 0);
        (void)g.read(0, at);
    }
    for (u64 at = 0; at < 0x20000; at += 4) {
        g.write_own(1, at, ~u64{0});
        (void)g.read_own(1, at);
        (void)g.read_own(1, at, 8);
    }
}

TEST_CASE("v2: targets, senders and the software interrupt register") {
    Guest g{2, vgic::Version::v2};
    g.write(0, 0, 1);
    CHECK((g.read(0, 4) >> 5 & 7) == 1);
    CHECK(g.read(0, 0xfe8) == 0x20);
    CHECK(g.read(0, 0x800) == 0x01010101);
    CHECK(g.read(1, 0x81c) == 0x02020202);
    for (unsigned i = 0; i < 2; ++i) g.write(i, kEnable, 0xffff);
    g.write(0, 0xf00, 2u << 16 | 5);
    g.write(1, 0xf00, 2u << 16 | 5);
    CHECK(g.acknowledge(0) == 1023);
    REQUIRE(g.acknowledge(1) == 5);
    u64 first = g.cpu(1).lists[0] >> 32 & 7;
    g.end(1, 5);
    REQUIRE(g.acknowledge(1) == 5);                   // once for each sender
    CHECK((g.cpu(1).lists[0] >> 32 & 7) == 1 - first);
    g.end(1, 5);
    CHECK(g.acknowledge(1) == 1023);
    g.write(0, 0xf00, 1u << 24 | 6);                  // all others
    CHECK(g.acknowledge(1) == 6);
    g.write(0, 0xf00, 2u << 24 | 7);                  // itself
    CHECK(g.acknowledge(0) == 7);
    g.end(0, 7);
    g.write(0, 0xf20 + 8, 0x3, 1);                    // SGI 8 from both
    CHECK(g.read(0, 0xf10 + 8, 1) == 3);
    g.write(0, 0xf10 + 8, 0x2, 1);
    CHECK(g.acknowledge(0) == 8);
    g.end(0, 8);
    CHECK(g.acknowledge(0) == 1023);
    // SPIs: to the lowest vCPU of the mask, or to nobody.
    g.write(0, kEnable + 4, 1);
    vgic::raise_spi(g.domain(), 32);
    CHECK(g.acknowledge(0) == 1023);
    g.write(0, 0x800 + 32, 2, 1);
    CHECK(g.acknowledge(1) == 1023);                  // SGI 6 is active, of the same priority
    g.end(1, 6);
    CHECK(g.acknowledge(1) == 32);
}

TEST_CASE("v2: a line of the machine that another CPU took is released by us, and its own is ended by the guest") {
    Guest g{3, vgic::Version::v2};
    constexpr u64 kHardware = u64{1} << 61;
    g.write(0, 0, 1);
    REQUIRE(vgic::route(g.domain(), 40));
    g.write(0, 0x800 + 40, 1, 1);
    CHECK(machine().cpu_of[40] == 0);
    g.write(0, kEnable + 4, 1u << 8);
    for (unsigned taken_on : {0u, 2u}) {
        machine().active.insert(40);
        machine().deactivated.clear();
        g.on(taken_on);
        vgic::physical(g.domain(), 40);
        REQUIRE(g.acknowledge(0) == 40);
        CHECK(bool(g.cpu(0).lists[0] & kHardware) == (taken_on == 0));
        CHECK(machine().active.count(40));
        g.end(0, 40);
        CHECK_FALSE(machine().active.count(40));
        CHECK(machine().deactivated.count(40) == (taken_on == 0));   // else by the distributor
        CHECK(g.acknowledge(0) == 1023);
    }
}

TEST_CASE("lines of the machine follow their vCPU from CPU to CPU") {
    V3 g{3};
    REQUIRE(vgic::route(g.domain(), 40));
    REQUIRE(vgic::route(g.domain(), 41));
    g.enable_spi(40);
    g.enable_spi(41);
    g.write(0, 0x6000 + 8 * 41, 2, 8);                // GICD_IROUTER: vCPU 2
    CHECK(machine().cpu_of[40] == 0);
    CHECK(machine().cpu_of[41] == 2);
    g.on(0);
    vgic::switch_out(g.vcpu(0));
    g.on(1);
    vgic::switch_out(g.vcpu(1));
    vgic::switch_in(g.vcpu(0));
    CHECK(machine().cpu_of[40] == 1);
    CHECK(machine().cpu_of[41] == 2);
    vgic::switch_out(g.vcpu(0));
    vgic::switch_in(g.vcpu(1));
    g.on(0);
    vgic::switch_in(g.vcpu(0));
    CHECK(machine().cpu_of[40] == 0);
}
