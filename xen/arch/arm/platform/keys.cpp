// SPDX-License-Identifier: MIT
// Debug keys that show CPUs: registers, the hardware domain's vCPUs.
#include <asm/backtrace.hpp>
#include <asm/cpu.hpp>
#include <xen/arch_platform.hpp>
#include <xen/console.hpp>
#include <xen/cpumask.hpp>
#include <xen/log.hpp>
#include <xen/sched.hpp>
#include <xen/smp.hpp>

#include "arch/arm/platform/state.hpp"

namespace xen::platform {
namespace {

// One CPU after the other, so that their lines do not mix.
void dump_cpus(char) {
    auto dump = [](void*) {
        Vcpu& v = current();
        log_line("*** CPU %u, current d%uv%u ***", arch::cpu_id().raw(), v.domain->id.raw(), v.id.raw());
        arch::dump_execution_state();
        if (!v.is_idle()) arch::print_registers(v.arch.regs);
    };
    for (usize i : cpu_online) smp::call_on(mask_of(CpuId{static_cast<u32>(i)}), dump, nullptr);
}

// Those that run on another CPU show what they had at their last entry.
void dump_hardware_domain(char) {
    if (!domain::dom0) return;
    domain::dom0->for_each_vcpu([](Vcpu& v) {
        log_line("*** d%uv%u%s ***", v.domain->id.raw(), v.id.raw(), sched::is_running(v) ? ", running" : "");
        arch::print_registers(v.arch.regs);
    });
}

}  // namespace

void init_keys() {
    console::register_key('d', dump_cpus, "dump registers");
    console::register_key('0', dump_hardware_domain, "dump Dom0 registers");
}

}  // namespace xen::platform
