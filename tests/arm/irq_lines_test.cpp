// SPDX-License-Identifier: MIT
// From the controller's registers to whom an interrupt concerns, and back: what the guest's controller, the timer and the
// other CPUs are told.
#include <asm/cpu.hpp>
#include <asm/entry.hpp>
#include <asm/irq.hpp>
#include <asm/sgi.hpp>
#include <asm/vgic.hpp>
#include <asm/vtimer.hpp>
#include <catch2/catch.hpp>
#include <xen/console.hpp>
#include <xen/irq.hpp>

#include "arch/arm/platform/state.hpp"
#include "common/smp/smp.hpp"
#include "gic_machine.hpp"
#include "log.hpp"

using namespace gic_test;
using gic::Version;

namespace {

struct Told {
    unsigned maintenance = 0, calls = 0, stops = 0, timers = 0, handled = 0, ours = 0;
    std::vector<std::pair<const Domain*, unsigned>> lines;      // vgic::physical
    std::set<std::pair<const Domain*, unsigned>> routed;
    Errno route_error = Errno::inval;
    bool refuse = false;
};
Told told;

struct Machine {
    explicit Machine(Version version, unsigned cpus = 2) : gic{options(version, cpus)}, guest{std::make_unique<Domain>()}, vcpu{std::make_unique<Vcpu>()} {
        told = {};
        describe(gic.options);
        REQUIRE(gic::init());
        irq::init();
        irq::request_private(ppi::kHypervisorTimer, [] { ++told.ours; });
        for (unsigned i = 0; i < cpus; ++i) {
            gic.on(i);
            gic::init_cpu();
            irq::enable_private();
            arch::set_current_vcpu(vcpu.get());
        }
        gic.on(0);
        guest->id = DomId{7};
        vcpu->domain = guest.get();
    }
    static Options options(Version version, unsigned cpus) {
        Options o{.version = version};
        o.affinities.clear();
        for (unsigned i = 0; i < cpus; ++i) o.affinities.push_back(i);
        return o;
    }
    bool done(unsigned irq, unsigned cpu = 0) { return !gic.line(irq, cpu).active && gic.cpu(cpu).running.empty(); }

    Gic gic;
    std::unique_ptr<Domain> guest;
    std::unique_ptr<Vcpu> vcpu;
};

constexpr Version kBoth[] = {Version::v2, Version::v3};

}  // namespace

TEST_CASE("each CPU is interrupted by what is the hypervisor's, and the virtual timer") {
    for (Version version : kBoth) {
        Machine m{version};
        for (unsigned cpu : {0u, 1u})
            for (unsigned irq = 16; irq < 32; ++irq)
                CHECK(m.gic.line(irq, cpu).enabled ==
                      (irq == gic::layout().maintenance || irq == ppi::kHypervisorTimer || irq == ppi::kVirtualTimer));
    }
}

TEST_CASE("SGIs are served and deactivated at once") {
    for (Version version : kBoth) {
        Machine m{version};
        for (unsigned sgi : {sgi::kEventCheck, sgi::kCall, sgi::kStop, 15u}) {
            m.gic.on(1);
            gic::send_sgi(CpuId{0}, sgi);
            m.gic.on(0);
            arm_interrupt();
            CHECK(m.done(sgi));
            CHECK_FALSE(m.gic.signalled(0));
        }
        CHECK(told.calls == 1);
        CHECK(told.stops == 1);
    }
}

TEST_CASE("the maintenance interrupt and the hypervisor's timer have their handlers, on the CPU that they came to") {
    for (Version version : kBoth) {
        Machine m{version};
        m.gic.on(1);
        m.gic.raise(25, 1);
        arm_interrupt();
        CHECK(told.maintenance == 1);
        CHECK(m.done(25, 1));
        m.gic.lower(25, 1);
        m.gic.raise(26, 1);
        arm_interrupt();
        CHECK(told.ours == 1);
        CHECK(m.done(26, 1));
    }
}

TEST_CASE("the virtual timer's line stays active for the guest that has it, and is nobody's while the CPU idles") {
    for (Version version : kBoth) {
        Machine m{version};
        m.gic.raise(27);
        arm_interrupt();
        CHECK(told.timers == 1);
        CHECK(m.gic.line(27).active);
        CHECK_FALSE(m.gic.signalled(0));
        gic::deactivate(27);                    // as the list register does it
        m.vcpu->domain_is_idle = true;
        arm_interrupt();
        CHECK(told.timers == 1);
        CHECK(m.done(27));
    }
}

TEST_CASE("a guest's line is told to its controller, and is the guest's to end") {
    for (Version version : kBoth) {
        Machine m{version};
        REQUIRE(irq::is_free(40));
        REQUIRE(irq::give_to_guest(*m.guest, 40).ok());
        CHECK_FALSE(irq::is_free(40));
        CHECK(told.routed.count({m.guest.get(), 40}));
        CHECK(irq::give_to_guest(*m.guest, 40).error() == Errno::busy);
        CHECK(irq::request(40, [](void*) {}, nullptr, "test").error() == Errno::busy);
        gic::enable(40);
        m.gic.raise(40);
        arm_interrupt();
        CHECK(told.lines == std::vector<std::pair<const Domain*, unsigned>>{{m.guest.get(), 40}});
        CHECK(m.gic.line(40).active);
        CHECK(m.gic.cpu(0).running.empty());
        CHECK_FALSE(m.gic.signalled(0));        // it does not come again before the guest's end

        // The guest dies meanwhile.
        irq::take_from_guest(*m.guest);
        CHECK(irq::is_free(40));
        CHECK(told.routed.empty());
        CHECK_FALSE(m.gic.line(40).active);
        CHECK_FALSE(m.gic.line(40).enabled);
        CHECK_FALSE(m.gic.line(40).latched);
    }
}

TEST_CASE("a line that cannot be given stays free, and off") {
    Machine m{Version::v3};
    told.refuse = true;
    CHECK(irq::give_to_guest(*m.guest, 41).error() == Errno::inval);
    CHECK(irq::is_free(41));
    CHECK_FALSE(m.gic.line(41).enabled);
    for (unsigned none : {0u, 31u, 96u, 1019u, 5000u}) {
        CHECK(irq::give_to_guest(*m.guest, none).error() == Errno::inval);
        CHECK(irq::request(none, nullptr, nullptr, "").error() == Errno::inval);
        CHECK_FALSE(irq::is_free(none));
    }
}

TEST_CASE("the hypervisor's own line is handled and deactivated, and dumped by key") {
    for (Version version : kBoth) {
        Machine m{version, 3};
        m.gic.on(2);
        REQUIRE(irq::request(50, [](void* data) { ++*static_cast<unsigned*>(data); }, &told.handled, "serial").ok());
        CHECK(m.gic.line(50).enabled);
        m.gic.raise(50);
        CHECK(m.gic.signalled(2));              // where it was asked for
        arm_interrupt();
        CHECK(told.handled == 1);
        CHECK(m.done(50, 2));
        arm_test::log_lines().clear();
        irq::dump();
        CHECK_THAT(m.gic.log(), Catch::Matchers::Contains("IRQ 50: hypervisor: serial count 1"));
    }
}

TEST_CASE("a line that nobody has is turned off, with a line in the log") {
    for (Version version : kBoth) {
        Machine m{version};
        gic::enable(60);
        m.gic.raise(60);
        arm_interrupt();
        CHECK_FALSE(m.gic.line(60).enabled);
        CHECK(m.done(60));
        CHECK_THAT(m.gic.log(), Catch::Matchers::Contains("Interrupt 60 belongs to nothing"));
        CHECK_FALSE(m.gic.signalled(0));
    }
}

TEST_CASE("nothing happens when there is nothing to acknowledge") {
    for (Version version : kBoth) {
        Machine m{version};
        for (unsigned id : {1020u, 1021u, 1022u, 1023u}) {
            m.gic.spurious = id;
            arm_interrupt();                    // an end or a deactivation would fail
        }
        CHECK(m.gic.log().find("belongs") == std::string::npos);
    }
}

TEST_CASE("lines of a CPU that goes off come to the one that sends it off") {
    for (Version version : kBoth) {
        Machine m{version};
        REQUIRE(irq::give_to_guest(*m.guest, 70).ok());
        gic::enable(70);
        gic::set_affinity(70, CpuId{1});
        m.gic.raise(70);
        CHECK(m.gic.signalled(1));
        m.gic.cpu(1).on = false;                // off before it took it
        CHECK_FALSE(m.gic.signalled(0));
        irq::leave(CpuId{1});
        CHECK(m.gic.signalled(0));
        arm_interrupt();
        CHECK(told.lines.size() == 1);
        irq::take_from_guest(*m.guest);
    }
}

// What is behind the lines.
namespace xen {

namespace vgic {
void maintenance() { ++told.maintenance; }
void physical(Domain& d, unsigned spi) { told.lines.push_back({&d, spi}); }
Status route(Domain& d, unsigned spi) {
    if (told.refuse) return told.route_error;
    told.routed.insert({&d, spi});
    return {};
}
void unroute(Domain& d, unsigned spi) { told.routed.erase({&d, spi}); }
}  // namespace vgic

namespace vtimer {
void fired(Vcpu&) { ++told.timers; }
}  // namespace vtimer

void smp::serve_call() { ++told.calls; }
void platform::stop_here() { ++told.stops; }
void console::register_key(char, KeyHandler, const char*, KeyKind) {}
}  // namespace xen
