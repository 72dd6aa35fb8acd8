// SPDX-License-Identifier: MIT
// 256 CPUs come up, go off and come back.
#include "machine.hpp"

#include <public/sysctl.h>
#include <xen/apic.hpp>
#include <xen/hypercall.hpp>
#include <xen/platform.hpp>
#include <xen/smp.hpp>

#include <algorithm>
#include <string>

#include "common/smp/smp.hpp"
#include "common/control/hotplug.hpp"

using namespace xen;
using big::Command;

namespace {

constexpr u32 kInit = 0x4500, kStartup = 0x4608;

std::vector<Command> commands_to(u32 id) {
    std::vector<Command> found;
    for (const Command& c : big::commands())
        if (c.target == id && (c.low & 0x700) >= 0x500) found.push_back(c);
    return found;
}

std::string log_text() {
    big::Control control;
    std::vector<char> text(1 << 20);
    xen_sysctl op{};
    op.cmd = XEN_SYSCTL_readconsole;
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    op.u.readconsole.buffer.p = text.data();
    op.u.readconsole.count = static_cast<u32>(text.size());
    REQUIRE(control.call(__HYPERVISOR_sysctl, op) == 0);
    return {text.data(), op.u.readconsole.count};
}

void stop(u32 cpu) { REQUIRE(smp::cpu_down(CpuId{cpu}).ok()); }

Status second_threads(bool on) {
    for (;;) {
        Status s = control::set_second_threads(on);
        if (s || s.error() != Errno::restart) return s;
    }
}

}  // namespace

TEST_CASE("256 CPUs of 300 processors start, each by INIT and STARTUP for its own APIC id") {
    big::commands().clear();
    big::start();
    CHECK(cpu_present.count() == 256);
    CHECK(cpu_online.count() == 256);
    CHECK(apic::x2apic());
    for (u32 i = 0; i < kMaxCpus; ++i) REQUIRE(apic::id_of(CpuId{i}) == big::apic_id(i));
    CHECK(big::apic_id(255) == 447);
    REQUIRE(smp::cpu_down(CpuId{255}).ok());
    big::commands().clear();
    REQUIRE(smp::cpu_up(CpuId{255}).ok());
    CHECK(commands_to(447) == std::vector<Command>{{447, kInit}, {447, kStartup}});
    std::string log = log_text();
    CHECK(log.find("44 CPUs more than the 256 that this build can use are left out") != std::string::npos);
    CHECK(log.find("256 of 256 CPUs run") != std::string::npos);
}

TEST_CASE("no processor without a number is ever told to start") {
    big::start();
    for (u32 cpu = 1; cpu < kMaxCpus; ++cpu) stop(cpu);
    CHECK(cpu_online.count() == 1);
    big::commands().clear();
    big::all_on();
    for (u32 i = 1; i < kMaxCpus; ++i) REQUIRE(commands_to(big::apic_id(i)).size() == 2);
    CHECK(commands_to(0).empty());
    for (u32 i = kMaxCpus; i < big::kProcessors; ++i) REQUIRE(commands_to(big::apic_id(i)).empty());
}

TEST_CASE("maxcpus leaves the rest present, to be started later") {
    big::start();
    for (u32 cpu = 1; cpu < kMaxCpus; ++cpu) stop(cpu);
    smp::start_others(200);
    CHECK(cpu_online.count() == 200);
    CHECK((cpu_online.test(199) && !cpu_online.test(200)));
    CHECK(cpu_present.count() == 256);
    REQUIRE(control::start_cpu(CpuId{255}).ok());
    CHECK(cpu_online.test(255));
    big::all_on();
}

TEST_CASE("CPU 255 goes off and comes back, and numbers behind it are refused") {
    big::start();
    for (int i = 0; i < 3; ++i) {
        stop(255);
        CHECK(cpu_online.count() == 255);
        CHECK(smp::cpu_down(CpuId{255}).error() == Errno::inval);
        REQUIRE(smp::cpu_up(CpuId{255}).ok());
        CHECK(smp::cpu_up(CpuId{255}).error() == Errno::exist);
    }
    CHECK(smp::cpu_up(CpuId{256}).error() == Errno::inval);
    CHECK(smp::cpu_down(CpuId{256}).error() == Errno::inval);
    CHECK(smp::cpu_down(CpuId{0}).error() == Errno::perm);
}

TEST_CASE("a processor that does not answer is given up, and may be tried again") {
    big::start();
    stop(254);
    auto deaf = std::exchange(sim::state().on_msr_write, nullptr);
    CHECK(smp::cpu_up(CpuId{254}).error() == Errno::io);
    CHECK(cpu_online.count() == 255);
    sim::state().on_msr_write = deaf;
    CHECK(smp::cpu_up(CpuId{254}).ok());
}

TEST_CASE("without second threads 128 CPUs of 256 run, the first of each core") {
    big::start();
    REQUIRE(second_threads(false).ok());
    CHECK(cpu_online.count() == 128);
    for (usize cpu : cpu_online) CHECK(cpu % 2 == 0);
    CHECK(control::start_cpu(CpuId{255}).error() == Errno::perm);
    CHECK_FALSE(cpu_online.test(255));
    REQUIRE(second_threads(true).ok());
    CHECK(cpu_online.count() == 256);
}

// In a process of its own: the processors are of another kind.
TEST_CASE("processors without x2APIC mode: those with ids above 254 are left out, with a line", "[.][alone]") {
    big::start(false);
    CHECK_FALSE(apic::x2apic());
    CHECK(cpu_online.count() == 128);   // two sockets: ids up to 191
    CHECK(cpu_present.count() == 128);
    for (u32 i = 0; i < 128; ++i) REQUIRE(apic::id_of(CpuId{i}) == big::apic_id(i));
    std::vector<Command> wanted;
    for (u32 i = 1; i < 128; ++i)
        for (u32 low : {kInit, kStartup}) wanted.push_back({big::apic_id(i), low});
    CHECK(big::commands() == wanted);   // nobody's id cut to its low byte
    CHECK(log_text().find("128 CPUs with APIC ids above 254 are left out: only x2APIC mode reaches them") != std::string::npos);
}
