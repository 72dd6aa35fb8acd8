// SPDX-License-Identifier: MIT
// Interrupt lines between a simulated I/O APIC and guests: masks, EOIs, sharing, moves, and what stays behind.
#include <catch2/catch.hpp>

#include <asm/interrupt.hpp>
#include <asm/mmio.hpp>
#include <asm/pagemap.hpp>
#include <sim/machine.hpp>
#include <xen/event.hpp>
#include <xen/irq.hpp>
#include <xen/rangeset.hpp>
#include <xen/sched.hpp>

#include <public/event_channel.h>
#include <public/physdev.h>

#include "arch/x86/irq/lines.hpp"
#include "fake_io_apic.hpp"

using namespace xen;
using sim::FakeIoApic;

namespace {

constexpr Paddr kIoApic{0xfe000};
FakeIoApic& controller() {
    static FakeIoApic& c = *[] {
        sim::start();
        auto* fake = new FakeIoApic{kIoApic};
        acpi::Madt madt;
        REQUIRE(madt.io_apics.push({0, kIoApic, 0}));
        ioapic::init(madt);
        irq::init();
        return fake;
    }();
    return c;
}

struct Guest {
    Domain& d = (controller(), sim::create_domain({.vcpus = 2, .privileged = false}));
    Guest() {
        if (!d.irqs) d.irqs = Box<RangeSet>::make().leak();
        REQUIRE(d.irqs->add(0, irq::irq_count() - 1));
    }
    ~Guest() {
        irq::release_domain(d);
        sim::destroy_domain(d);
    }
    Vcpu& v() { return *d.vcpus[0]; }
    void map(u32 gsi) { REQUIRE(irq::map_gsi(d, static_cast<s32>(gsi), gsi).ok()); }
    Status bind(u32 gsi, bool share = false) { return irq::bind_guest(v(), gsi, share); }
};

// The line's interrupt arrives where its entry says.
void fire(u32 gsi) {
    irq::Line& l = *irq::line_at(gsi);
    sim::On on{sched::idle_vcpu(l.place.cpu), l.place.cpu};
    ioapic::Entry e = controller().entry(gsi);
    REQUIRE_FALSE(e.masked);
    REQUIRE(e.vector == l.place.vector);
    xen_interrupt(e.vector);
}

}  // namespace

TEST_CASE("an edge line is delivered at once, again and again") {
    Guest g;
    g.map(4);
    REQUIRE(irq::setup_gsi(4, false, false));
    REQUIRE(g.bind(4));
    for (int i = 0; i < 3; ++i) fire(4);
    CHECK_FALSE(controller().entry(4).masked);
    irq::unbind_guest(g.d, 4);
    CHECK(controller().entry(4).masked);
}

TEST_CASE("a level line stays masked until EOI") {
    Guest g;
    g.map(16);
    REQUIRE(irq::setup_gsi(16, true, true));
    REQUIRE(g.bind(16));
    CHECK((controller().entry(16).level && controller().entry(16).low));
    fire(16);
    CHECK(controller().entry(16).masked);
    REQUIRE(irq::guest_eoi(g.d, 16));
    CHECK_FALSE(controller().entry(16).masked);
    REQUIRE(irq::guest_eoi(g.d, 16));   // one too many does nothing
    fire(16);
    CHECK(controller().entry(16).masked);
}

TEST_CASE("a shared level line waits for every domain") {
    Guest a, b;
    a.map(17);
    b.map(17);
    REQUIRE(a.bind(17, true));
    CHECK(b.bind(17).error() == Errno::busy);
    REQUIRE(b.bind(17, true));
    CHECK(irq::is_shared(a.d, 17).value());
    fire(17);
    REQUIRE(irq::guest_eoi(a.d, 17));
    CHECK(controller().entry(17).masked);
    REQUIRE(irq::guest_eoi(b.d, 17));
    CHECK_FALSE(controller().entry(17).masked);
    fire(17);
    REQUIRE(irq::guest_eoi(a.d, 17));
    irq::unbind_guest(b.d, 17);         // it went without EOI
    CHECK_FALSE(controller().entry(17).masked);
    irq::unbind_guest(a.d, 17);
    CHECK(controller().entry(17).masked);
}

TEST_CASE("a line moves with its vCPU, and an interrupt that was on its way is not lost") {
    Guest g;
    g.map(18);
    REQUIRE(irq::setup_gsi(18, true, true));
    REQUIRE(g.bind(18));
    irq::Line& l = *irq::line_at(18);
    irq::Place before = l.place;
    CpuId other{before.cpu.raw() ^ 1};
    REQUIRE(irq::set_affinity_to(g.d, 18, other));
    CHECK(l.place.cpu == other);
    CHECK(controller().entry(18).vector == l.place.vector);
    {
        sim::On on{sched::idle_vcpu(before.cpu), before.cpu};
        xen_interrupt(before.vector);
    }
    CHECK(controller().entry(18).masked);
    REQUIRE(irq::guest_eoi(g.d, 18));
    fire(18);
    REQUIRE(irq::guest_eoi(g.d, 18));
    for (u32 i = 0; i < 1000; ++i) REQUIRE(irq::set_affinity_to(g.d, 18, CpuId{i & 1}));   // vectors come back
    fire(18);
}

TEST_CASE("a CPU that goes off leaves no line behind") {
    Guest g;
    g.map(19);
    REQUIRE(g.bind(19));
    REQUIRE(irq::set_affinity_to(g.d, 19, CpuId{1}));
    irq::leave(CpuId{1});
    CHECK(irq::line_at(19)->place.cpu == CpuId{0});
    fire(19);
}

TEST_CASE("pirqs: numbers, permissions, errors") {
    Guest g;
    CHECK(irq::map_gsi(g.d, -1, 5).value() == 16);   // the lowest that is no ISA line's
    CHECK(irq::map_gsi(g.d, -1, 5).value() == 16);
    CHECK(irq::line_number(g.d, 16) == 5);
    CHECK(irq::line_number(g.d, 5) == 0);
    CHECK(irq::map_gsi(g.d, 7, 5).error() == Errno::exist);
    CHECK(irq::map_gsi(g.d, 30, 6).value() == 30);
    CHECK(irq::map_gsi(g.d, 30, 8).error() == Errno::inval);
    CHECK(irq::map_gsi(g.d, -1, 4000).error() == Errno::inval);
    CHECK_FALSE(irq::map_gsi(g.d, static_cast<s32>(irq::irq_count()), 10));   // behind the last number
    u32 free = irq::free_pirq(g.d).value();
    CHECK(free >= irq::gsi_count());
    CHECK(irq::free_pirq(g.d).value() != free);
    CHECK(irq::map_gsi(g.d, static_cast<s32>(free), 9).value() == free);
    CHECK(irq::unmap_pirq(g.d, 11).error() == Errno::inval);
    REQUIRE(irq::unmap_pirq(g.d, 16));
    CHECK(irq::unmap_pirq(g.d, 16).error() == Errno::inval);
    CHECK(irq::map_gsi(g.d, 5, 5).error() == Errno::perm);   // the right to the line went with it
    CHECK(g.bind(5).error() == Errno::inval);
    REQUIRE(g.d.irqs->remove(12, 12));
    CHECK(irq::map_gsi(g.d, -1, 12).error() == Errno::perm);
    irq::MsiDevice many;
    many.entries = 2;
    CHECK(irq::map_msi(g.d, -1, many).error() == Errno::opnotsupp);
    many.entries = 33;
    CHECK(irq::map_msi(g.d, -1, many).error() == Errno::dom);
}

TEST_CASE("a line is set up once") {
    irq::Line& l = *irq::line_at(20);
    REQUIRE(irq::setup_gsi(20, true, true));
    CHECK((l.level && l.low));
    CHECK(irq::setup_gsi(20, false, false).error() == Errno::exist);
    CHECK((l.level && l.low));
    CHECK(irq::setup_gsi(irq::kTimerLine, false, false).error() == Errno::exist);
}

TEST_CASE("the hypervisor's own lines are not the guests'") {
    Guest g;
    static int count;
    REQUIRE(irq::request(3, [](void* n) { ++*static_cast<int*>(n); }, &count, "test"));
    CHECK(irq::request(3, nullptr, nullptr, "again").error() == Errno::busy);
    g.map(3);
    CHECK(g.bind(3).error() == Errno::busy);
    fire(3);
    fire(3);
    CHECK(count == 2);
}

TEST_CASE("a dying domain lets its lines go") {
    {
        Guest g;
        g.map(20);
        REQUIRE(g.bind(20));
        fire(20);
    }
    CHECK(irq::line_at(20)->free());
    CHECK(controller().entry(20).masked);
    Guest next;
    next.map(20);
    REQUIRE(next.bind(20));
    fire(20);
}

TEST_CASE("vectors that belong to nothing are ignored") {
    controller();
    xen_interrupt(0x31);
    xen_interrupt(0xff);
    xen_interrupt(0x27);
}
