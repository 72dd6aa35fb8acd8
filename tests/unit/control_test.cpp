// SPDX-License-Identifier: MIT
// What the toolstack asks about power and CPUs, and options that change while the machine runs.
#include <catch2/catch.hpp>
#include <string>

#include <xen/cpumask.hpp>
#include <xen/sched.hpp>

#include "common/control/hotplug.hpp"
#include "common/control/sysctl/sysctl.hpp"
#include "common/grant/table.hpp"
#include "common/options/table.hpp"

using namespace xen;
using namespace xen::control;

namespace {

// CPUs of a machine while a test runs.
struct Cpus {
    CpuMask present = cpu_present, online = cpu_online;
    explicit Cpus(usize n, usize running) {
        cpu_present = cpu_online = {};
        for (usize i = 0; i < n; ++i) cpu_present.set(i);
        for (usize i = 0; i < running; ++i) cpu_online.set(i);
    }
    ~Cpus() {
        cpu_present = present;
        cpu_online = online;
    }
};

xen_sysctl_pm_op pm(u32 cmd, u32 cpu, u32 value = 0) {
    xen_sysctl_pm_op x{};
    x.cmd = cmd;
    x.cpuid = cpu;
    x.u.set_max_cstate = value;
    return x;
}

Errno error_of(Status s) { return s ? Errno{} : s.error(); }

u32 limit(u32 which) {
    auto x = pm(XEN_SYSCTL_pm_op_get_max_cstate, which);
    REQUIRE(sysctls::power_operation(x));
    return x.u.get_max_cstate;
}

std::string content(const option::Changeable& c) {
    char text[64] = {};
    usize length = c.show(text, sizeof(text));
    REQUIRE(length == std::string{text}.size());
    return text;
}

}  // namespace

TEST_CASE("the deepest idle state is kept, and with it the sub-state goes back to any") {
    Cpus cpus{2, 2};
    CHECK(limit(0) == 1);
    auto sub = pm(XEN_SYSCTL_pm_op_set_max_cstate, 1, 3);
    REQUIRE(sysctls::power_operation(sub));
    CHECK(limit(1) == 3);
    auto polling = pm(XEN_SYSCTL_pm_op_set_max_cstate, 0, 0);
    REQUIRE(sysctls::power_operation(polling));
    CHECK(sched::idle_limit == 0);
    CHECK(limit(1) == XEN_SYSCTL_CX_UNLIMITED);
    auto back = pm(XEN_SYSCTL_pm_op_set_max_cstate, 0, 1);
    REQUIRE(sysctls::power_operation(back));
    CHECK(limit(0) == 1);
}

TEST_CASE("power operations refuse CPUs that do not run, and frequencies") {
    Cpus cpus{3, 3};
    auto third = pm(XEN_SYSCTL_pm_op_set_max_cstate, 2, 0);
    CHECK(error_of(sysctls::power_operation(third)) == Errno::inval);
    auto absent = pm(XEN_SYSCTL_pm_op_get_max_cstate, 3);
    CHECK(error_of(sysctls::power_operation(absent)) == Errno::inval);
    auto governor = pm(SET_CPUFREQ_GOV, 0);
    CHECK(error_of(sysctls::power_operation(governor)) == Errno::inval);
    auto turbo = pm(XEN_SYSCTL_pm_op_enable_turbo, 0);
    CHECK(error_of(sysctls::power_operation(turbo)) == Errno::acces);
}

TEST_CASE("CPUs that cannot go off say why") {
    Cpus cpus{2, 1};
    auto off = [](u32 cpu) {
        xen_sysctl_cpu_hotplug x{cpu, XEN_SYSCTL_CPU_HOTPLUG_OFFLINE};
        return error_of(hotplug(x));
    };
    CHECK(off(0) == Errno::inval);
    CHECK(off(1) == Errno::exist);
    CHECK(off(2) == Errno::inval);
    CHECK(off(~0u) == Errno::inval);
}

TEST_CASE("the grant limits change while the machine runs, and a refusal says why") {
    option::parse("gnttab_max_frames=40");
    if (!option::changeable("gnttab_max_frames")) grant::init_limits();
    const option::Changeable* c = option::changeable("gnttab_max_frames");
    REQUIRE(c);
    CHECK(content(*c) == "40");
    REQUIRE(c->set("0x20"));
    CHECK(option::values().gnttab_max_frames == 32);
    CHECK(content(*c) == "32");
    CHECK(error_of(c->set("banana")) == Errno::inval);
    CHECK(error_of(c->set("")) == Errno::inval);
    CHECK(error_of(c->set("5000000000")) == Errno::range);
    CHECK(content(*c) == "32");
    CHECK_FALSE(option::changeable("watchdog"));
    option::parse("");
}
