// SPDX-License-Identifier: MIT
// Debug keys that show CPUs: registers, the hardware domain's vCPUs, local APICs, TSC modes.
#include <asm/backtrace.hpp>
#include <asm/cpu.hpp>
#include <xen/apic.hpp>
#include <xen/arch_platform.hpp>
#include <xen/console.hpp>
#include <xen/cpumask.hpp>
#include <xen/log.hpp>
#include <xen/sched.hpp>
#include <xen/smp.hpp>
#include <xen/time.hpp>

#include "arch/x86/platform/state.hpp"

namespace xen::platform {
namespace {

// One CPU after the other, so that their lines do not mix.
void on_each(void (*fn)(void*)) {
    for (usize i : cpu_online) smp::call_on(mask_of(CpuId{static_cast<u32>(i)}), fn, nullptr);
}

void dump_cpus(char) {
    on_each([](void*) {
        Vcpu& v = current();
        log_line("*** CPU %u, current d%uv%u ***", arch::cpu_id().raw(), v.domain->id.raw(), v.id.raw());
        arch::dump_execution_state();
        if (!v.is_idle()) arch::print_registers(v.arch.regs);
    });
}

// Those that run on another CPU show what they had at their last entry.
void dump_hardware_domain(char) {
    if (!domain::dom0) return;
    domain::dom0->for_each_vcpu([](Vcpu& v) {
        log_line("*** d%uv%u%s ***", v.domain->id.raw(), v.id.raw(), sched::is_running(v) ? ", running" : "");
        arch::print_registers(v.arch.regs);
    });
}

void dump_apics(char) {
    on_each([](void*) { apic::dump(arch::cpu_id()); });
}

void dump_tsc_modes(char) {
    log_line("TSC at %llu kHz", static_cast<unsigned long long>(time::tsc_khz()));
    for (Domain* d = domain::first(); d; d = domain::next(*d)) {
        const arch::GuestTsc& tsc = d->arch.tsc;
        log_line("  d%u: mode %u, %u kHz, %s", d->id.raw(), static_cast<unsigned>(tsc.mode), tsc.khz,
                 tsc.emulated ? "emulated" : "the processor's");
    }
}

}  // namespace

void init_keys() {
    console::register_key('d', dump_cpus, "dump registers");
    console::register_key('0', dump_hardware_domain, "dump Dom0 registers");
    console::register_key('l', dump_apics, "dump local APIC state");
    console::register_key('s', dump_tsc_modes, "dump the domains' TSC modes");
}

}  // namespace xen::platform
