// SPDX-License-Identifier: MIT
// Stopping the other CPUs for good, and NMIs, by which it is done: they reach a CPU that has interrupts off.
#include <asm/cpu.hpp>
#include <asm/interrupt.hpp>
#include <asm/vectors.hpp>
#include <xen/apic.hpp>
#include <xen/console.hpp>
#include <xen/cpumask.hpp>
#include <xen/lock.hpp>
#include <xen/log.hpp>
#include <xen/percpu.hpp>

#include <atomic>

#include "arch/x86/platform/state.hpp"

namespace xen::platform {
namespace {

std::atomic<bool> stopping{false};
std::atomic<u32> stopped{0};
bool ready = false;
XEN_PERCPU constinit PerCpu<u64> nmis{};

constexpr unsigned kPatience = 1'000'000;

[[noreturn]] void stop_here() {
    stopped.fetch_add(1, std::memory_order_relaxed);
    arch::halt_forever();
}

void dump_nmis(char) {
    for (usize i : cpu_online)
        log_line("CPU %zu: %llu NMIs", i, static_cast<unsigned long long>(nmis.on(CpuId{static_cast<u32>(i)})));
}

}  // namespace

void init_stop() {
    irq::set_direct_handler(vectors::kHalt, [] { stop_here(); });
    console::register_key('N', dump_nmis, "NMI statistics");
    ready = true;
}

void stop_other_cpus() {
    if (!ready || stopping.exchange(true, std::memory_order_relaxed)) return;
    u32 others = 0;
    for (usize i : cpu_online) {
        CpuId cpu{static_cast<u32>(i)};
        if (cpu == arch::cpu_id()) continue;
        apic::send_nmi(cpu);
        ++others;
    }
    for (unsigned i = 0; i < kPatience && stopped.load(std::memory_order_relaxed) < others; ++i) arch::relax();
}

bool handle_nmi(const arch::GuestRegs& interrupted) {
    if (stopping.load(std::memory_order_relaxed)) stop_here();
    ++nmis.local();
    lock_check::InterruptScope scope;
    console::enter_nmi();
    bool ours = watchdog_nmi(interrupted);
    console::leave_nmi();
    return ours;
}

}  // namespace xen::platform
