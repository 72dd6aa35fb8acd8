// SPDX-License-Identifier: MIT
// Lines of devices on a machine where half of the CPUs have APIC ids that no I/O APIC and no message can name.
#include "machine.hpp"

#include <xen/apic.hpp>
#include <xen/irq.hpp>
#include <xen/rangeset.hpp>

#include "../sim/fake_io_apic.hpp"
#include "arch/x86/irq/lines.hpp"

using namespace xen;

namespace {

constexpr u32 kLargest = 254;

sim::FakeIoApic& controller() {
    static sim::FakeIoApic& c = *[] {
        big::start();
        auto* fake = new sim::FakeIoApic{big::kIoApic};
        irq::init();
        return fake;
    }();
    return c;
}

// A domain whose vCPU is on the given CPU, with a line.
struct Guest {
    Guest(CpuId cpu, u32 number) : gsi{number} {
        if (!d.irqs) d.irqs = Box<RangeSet>::make().leak();
        REQUIRE(d.irqs->add(0, irq::irq_count() - 1));
        REQUIRE(sched::set_hard_affinity(*d.vcpus[0], mask_of(cpu)).ok());
        REQUIRE(irq::map_gsi(d, static_cast<s32>(number), number).ok());
        REQUIRE(irq::bind_guest(*d.vcpus[0], number, false).ok());
    }
    ~Guest() {
        irq::release_domain(d);
        sim::destroy_domain(d);
    }
    irq::Line& line() { return *irq::line_at(gsi); }
    u32 target() { return controller().entry(line().gsi).apic_id; }
    Domain& d = (controller(), sim::create_domain({}));
    u32 gsi;
};

void move(irq::Line& l, u32 cpu) {
    Guard g{l.lock};
    REQUIRE(irq::place_on(l, CpuId{cpu}).ok());
}

}  // namespace

TEST_CASE("a line goes to its vCPU's CPU where it can, else to one with an APIC id up to 254") {
    Guest near{CpuId{120}, 16}, far{CpuId{200}, 17};
    REQUIRE(big::apic_id(120) == 184);
    CHECK(near.line().place.cpu == CpuId{120});
    CHECK(near.target() == 184);
    CHECK(far.line().place.cpu != CpuId{200});
    CHECK(apic::id_of(far.line().place.cpu) <= kLargest);
    CHECK(far.target() == apic::id_of(far.line().place.cpu));
}

TEST_CASE("a line whose vCPU moves to a CPU out of reach stays where it is") {
    Guest g{CpuId{1}, 18};
    REQUIRE(irq::set_affinity_to(g.d, 18, CpuId{127}).ok());
    CHECK(g.target() == 191);
    u8 vector = g.line().place.vector;
    for (u32 cpu : {128u, 255u, 200u}) REQUIRE(irq::set_affinity_to(g.d, 18, CpuId{cpu}).ok());
    CHECK((g.line().place.cpu == CpuId{127} && g.line().place.vector == vector));
    CHECK(g.target() == 191);
}

TEST_CASE("lines leave a CPU that goes off for another one, whoever asks and whatever is full") {
    Guest g{CpuId{1}, 19};
    std::vector<irq::Line*> filled;
    for (u32 n = irq::gsi_count(); irq::Line* l = irq::line_at(n); ++n) {   // until CPU 0 has no vector left
        move(*l, 0);
        filled.push_back(l);
        if (l->place.cpu != CpuId{0}) break;
    }
    REQUIRE(filled.back()->place.cpu == CpuId{1});
    {
        sim::On on{sched::idle_vcpu(CpuId{200}), CpuId{200}};
        irq::leave(CpuId{1});
    }
    CHECK(g.line().place.cpu == CpuId{2});
    CHECK(g.target() == big::apic_id(2));
    CHECK(filled.back()->place.cpu == CpuId{2});
    for (irq::Line* l : filled) {
        Guard guard{l->lock};
        irq::give_up_place(*l);
    }
}
