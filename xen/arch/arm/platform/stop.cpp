// SPDX-License-Identifier: MIT
// Stopping the other CPUs for good, and what comes after: reset and power off by PSCI.
#include "arch/arm/platform/state.hpp"

#include <atomic>

#include <asm/cpu.hpp>
#include <asm/gic.hpp>
#include <asm/psci.hpp>
#include <asm/sgi.hpp>
#include <xen/console.hpp>
#include <xen/cpumask.hpp>
#include <xen/log.hpp>
#include <xen/option.hpp>

namespace xen::platform {
namespace {

constexpr unsigned kPatience = 1'000'000;
std::atomic<u32> stopper{0};       // the CPU that stops the others, plus 1
std::atomic<u32> stopped{0};

void last_words() {
    arch::irq_disable();
    stop_other_cpus();
    console::force_sync();
    console::flush();
}

}  // namespace

void stop_here() {
    stopped.fetch_add(1, std::memory_order_relaxed);
    arch::halt_forever();
}

// A CPU that has interrupts off for good is not reached: there is no interrupt that cannot be masked.
void stop_other_cpus() {
    u32 nobody = 0;
    CpuMask others = cpu_online;
    others.clear(arch::cpu_id().raw());
    if (others.empty() || !stopper.compare_exchange_strong(nobody, arch::cpu_id().raw() + 1, std::memory_order_relaxed)) return;
    gic::send_sgi(others, sgi::kStop);
    for (unsigned i = 0; i < kPatience && stopped.load(std::memory_order_relaxed) < others.count(); ++i) arch::relax();
}

void reboot_now() {
    psci::system_reset();
    arch::halt_forever();
}

void reboot() {
    last_words();
    if (!option::values().reboot.starts_with("n")) psci::system_reset();
    arch::halt_forever();
}

void power_off() {
    last_words();
    psci::system_off();
    log_line("The machine may be switched off.");
    arch::halt_forever();
}

// ABI: the call is for ACPI's registers, which dom0 has not here.
Status enter_sleep(u8, u16, u16) { return Errno::opnotsupp; }

// There is no watchdog to be held.
void hold_watchdog(bool) {}

}  // namespace xen::platform
