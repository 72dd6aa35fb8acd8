// SPDX-License-Identifier: MIT
// The drivers of the machine's GICv2 and GICv3, on simulated registers: what both do alike.
#include <catch2/catch.hpp>

#include "gic_machine.hpp"

using namespace gic_test;
using gic::Version;

namespace {

Options machine_of(Version version, unsigned cpus, unsigned lines = 96) {
    Options o{.version = version, .lines = lines};
    o.affinities.clear();
    for (unsigned i = 0; i < cpus; ++i) o.affinities.push_back(i);
    return o;
}

// Takes what comes to this CPU, and is done with it.
unsigned take_one() {
    unsigned irq = gic::acknowledge();
    if (irq < gic::kSpurious) gic::end(irq), gic::deactivate(irq);
    return irq;
}

bool quiet(const Line& l) { return !l.enabled && !l.latched && !l.active && l.priority == 0xa0; }

}  // namespace

TEST_CASE("after a firmware that left everything on, nothing comes but what is asked for") {
    for (Version version : {Version::v2, Version::v3})
        for (unsigned lines : {32u, 64u, 96u, 288u, 1020u}) {
            Gic g{machine_of(version, 2, lines)};
            g.start();
            CHECK(gic::lines() == lines);
            CHECK(gic::list_registers() == 4);
            CHECK(gic::version() == version);
            CHECK(g.enabled());
            bool v3 = version == Version::v3;
            for (unsigned irq = 32; irq < lines; ++irq) {
                const Line& l = g.line(irq);
                if (!quiet(l) || l.edge || l.group1 != v3) FAIL("line " << irq << " is not quiet");
                if (v3 ? l.router != 0 : l.targets != 1 << v2_target(0)) FAIL("line " << irq << " does not go to the boot CPU");
            }
            for (unsigned cpu : {0u, 1u}) {
                for (unsigned irq = 16; irq < 32; ++irq) CHECK((quiet(g.line(irq, cpu)) && !g.line(irq, cpu).edge && g.line(irq, cpu).group1 == v3));
                for (unsigned sgi = 0; sgi < 16; ++sgi) CHECK((g.line(sgi, cpu).enabled && !g.line(sgi, cpu).active));
                CHECK(g.cpu(cpu).mask == 0xff);
                CHECK(g.cpu(cpu).binary_point == 0);
                CHECK(g.cpu(cpu).hcr == 0);
                CHECK_FALSE(g.signalled(cpu));
            }
        }
}

TEST_CASE("a line is switched, and its neighbours are not") {
    for (Version version : {Version::v2, Version::v3})
        for (unsigned irq : {16u, 27u, 31u, 32u, 63u, 64u, 95u}) {
            Gic g{machine_of(version, 2)};
            g.start();
            g.on(1);
            auto changed = [&](auto property) {
                std::set<unsigned> found;
                for (unsigned i = 16; i < 96; ++i)
                    if (property(g.line(i, 1))) found.insert(i);
                return found;
            };
            const std::set<unsigned> one{irq}, none;
            auto is_enabled = [](const Line& l) { return l.enabled; };
            gic::set_trigger(irq, true);
            CHECK(changed([](const Line& l) { return l.edge; }) == one);
            gic::set_trigger(irq, false);
            CHECK(changed([](const Line& l) { return l.edge; }) == none);
            gic::enable(irq);
            CHECK(changed(is_enabled) == one);
            gic::set_pending(irq, true);
            CHECK(changed([](const Line& l) { return l.latched; }) == one);
            gic::set_pending(irq, false);
            CHECK(changed([](const Line& l) { return l.latched; }) == none);
            gic::set_active(irq, true);
            CHECK(changed([](const Line& l) { return l.active; }) == one);
            gic::set_active(irq, false);
            CHECK(changed([](const Line& l) { return l.active; }) == none);
            gic::set_priority(irq, 0x40);
            CHECK(changed([](const Line& l) { return l.priority == 0x40; }) == one);
            gic::disable(irq);
            CHECK(changed(is_enabled) == none);
            if (irq < 32) CHECK(quiet(g.line(irq, 0)));   // the other CPU's own
        }
}

TEST_CASE("a level line comes until it falls, an edge once") {
    for (Version version : {Version::v2, Version::v3}) {
        Gic g{machine_of(version, 1)};
        g.start();
        gic::enable(40);
        g.raise(40);
        CHECK(take_one() == 40);
        CHECK(take_one() == 40);
        g.lower(40);
        CHECK(take_one() >= gic::kSpurious);
        gic::disable(40);
        gic::set_trigger(40, true);
        gic::enable(40);
        g.raise(40);
        CHECK(take_one() == 40);
        CHECK(take_one() >= gic::kSpurious);
        gic::disable(40);
        g.raise(40);
        CHECK(take_one() >= gic::kSpurious);
    }
}

TEST_CASE("the end drops the priority, deactivation is a second step") {
    for (Version version : {Version::v2, Version::v3}) {
        Gic g{machine_of(version, 2)};
        g.start();
        for (unsigned irq : {40u, 41u, 42u}) gic::enable(irq);
        gic::set_priority(42, 0x20);
        g.raise(40);
        CHECK(gic::acknowledge() == 40);
        g.raise(41);
        CHECK(gic::acknowledge() >= gic::kSpurious);   // no more urgent than what runs
        g.raise(42);
        CHECK(gic::acknowledge() == 42);               // this one is
        gic::end(42);
        gic::end(40);
        CHECK(gic::acknowledge() == 41);               // 40 is active: it does not come again
        gic::end(41);
        CHECK(gic::acknowledge() >= gic::kSpurious);
        gic::deactivate(40);
        CHECK(gic::acknowledge() == 40);
        gic::end(40);
        g.on(1);                                       // a shared line is released from any CPU
        gic::deactivate(40);
        CHECK_FALSE(g.line(40).active);
    }
}

TEST_CASE("a shared line goes to the CPU that it is directed at, and to no other") {
    for (Version version : {Version::v2, Version::v3}) {
        Gic g{machine_of(version, 8)};
        g.start();
        gic::enable(77);
        for (unsigned to = 0; to < 8; ++to) {
            gic::set_affinity(77, CpuId{to});
            g.raise(77);
            for (unsigned cpu = 0; cpu < 8; ++cpu) CHECK(g.signalled(cpu) == (cpu == to));
            g.lower(77);
        }
        gic::set_affinity(30, CpuId{3});               // a private one has no choice
        gic::enable(30);
        g.raise(30, 0);
        CHECK(take_one() == 30);
    }
}

TEST_CASE("an SGI reaches the CPUs that it is for, once for each sender") {
    for (Version version : {Version::v2, Version::v3}) {
        Gic g{machine_of(version, 8)};
        g.start();
        for (unsigned from = 0; from < 8; ++from)
            for (unsigned to = 0; to < 8; ++to) {
                g.on(from);
                gic::send_sgi(CpuId{to}, 2);
                for (unsigned cpu = 0; cpu < 8; ++cpu) {
                    g.on(cpu);
                    CHECK(take_one() == (cpu == to ? 2u : 1023u));
                    CHECK(take_one() == 1023);
                }
            }
        CpuMask some;
        for (usize cpu : {1, 4, 7}) some.set(cpu);
        g.on(4);
        gic::send_sgi(some, 15);
        for (unsigned cpu = 0; cpu < 8; ++cpu) {
            g.on(cpu);
            CHECK(take_one() == (some.test(cpu) ? 15u : 1023u));
        }
    }
}

TEST_CASE("of two senders of a GICv2's SGI each is ended by itself") {
    Gic g{machine_of(Version::v2, 3)};
    g.start();
    for (unsigned from : {1u, 2u}) {
        g.on(from);
        gic::send_sgi(CpuId{0}, 1);
    }
    g.on(0);
    CHECK(take_one() == 1);
    CHECK(take_one() == 1);
    CHECK(take_one() == 1023);
    CHECK(g.cpu(0).held.empty());
}

TEST_CASE("a GICv2 of one processor has targets that read as zero") {
    Options o = machine_of(Version::v2, 1);
    o.alone = true;
    Gic g{o};
    g.start();
    gic::enable(50);
    CHECK(g.line(50).targets == 1);
}

TEST_CASE("the virtual interface's registers are this CPU's, each its own") {
    for (unsigned count : {4u, 16u}) {
        Options o = machine_of(Version::v3, 2);
        o.list_registers = count;
        Gic g{o};
        g.start();
        CHECK(gic::list_registers() == count);
        for (unsigned cpu : {0u, 1u}) {
            g.on(cpu);
            for (unsigned n = 0; n < count; ++n) gic::write_lr(n, u64{cpu + 1} << 48 | n);
        }
        for (unsigned cpu : {0u, 1u})
            for (unsigned n = 0; n < count; ++n) {
                g.on(cpu);
                CHECK(gic::read_lr(n) == (u64{cpu + 1} << 48 | n));
                CHECK(g.cpu(cpu).lists[n] == gic::read_lr(n));
            }
        g.on(0);
        g.cpu(0).elrsr = 0xfff5, g.cpu(0).misr = 0x11;
        gic::set_hcr(0xf8000001);
        gic::write_vmcr(0xf8000002);
        CHECK(gic::read_elrsr() == 0xfff5);
        CHECK(gic::read_misr() == 0x11);
        CHECK(gic::read_hcr() == 0xf8000001);
        CHECK(gic::read_vmcr() == 0xf8000002);
        CHECK(g.cpu(1).hcr == 0);
    }
}

TEST_CASE("a GICv2's virtual interface: list registers past 32, five bits of the mask, one word of active priorities") {
    Options o = machine_of(Version::v2, 1);
    o.list_registers = 64;
    Gic g{o};
    g.start();
    CHECK(gic::list_registers() == 64);
    g.cpu(0).elrsr = 0x8000000000000001;
    CHECK(gic::read_elrsr() == 0x8000000000000001);
    g.cpu(0).misr = 4;
    CHECK(gic::read_misr() == 4);
    gic::write_lr(63, u64{1} << 62 | u64{0xa0} << 48 | 34);
    CHECK(g.cpu(0).lists[63] == (u64{1} << 28 | u64{0xa0 >> 3} << 23 | 34));
    CHECK((gic::read_lr(63) & 0xffffffff) == 34);
    gic::write_vmcr(0xff000001);
    CHECK(g.cpu(0).vmcr == 0xf8000001);
    gic::set_hcr(7);
    CHECK(gic::read_hcr() == 7);
    g.cpu(0).group0[0] = 0x12345678;
    gic::ActivePriorities kept{};
    gic::save_active(kept);
    g.cpu(0).group0[0] = 0;
    gic::restore_active(kept);
    CHECK(g.cpu(0).group0[0] == 0x12345678);
}

TEST_CASE("as many words of active priorities are kept as the processor has") {
    for (unsigned bits : {5u, 6u, 7u}) {
        Options o = machine_of(Version::v3, 1);
        o.preemption_bits = bits;
        Gic g{o};
        g.start();
        unsigned words = 1u << (bits - 5);
        for (unsigned n = 0; n < words; ++n) g.cpu(0).group0[n] = n + 1, g.cpu(0).group1[n] = n + 11;
        gic::ActivePriorities kept{};
        gic::save_active(kept);
        for (unsigned n = 0; n < words; ++n) CHECK((kept.group0[n] == n + 1 && kept.group1[n] == n + 11));
        g.cpu(0).group0.clear(), g.cpu(0).group1.clear();
        gic::restore_active(kept);
        for (unsigned n = 0; n < words; ++n) CHECK((g.cpu(0).group0[n] == n + 1 && g.cpu(0).group1[n] == n + 11));
    }
}
