// SPDX-License-Identifier: MIT
// Stopping the other CPUs for good: by NMIs, which reach a CPU that has interrupts off.
#include <asm/cpu.hpp>
#include <asm/interrupt.hpp>
#include <asm/vectors.hpp>
#include <xen/apic.hpp>
#include <xen/cpumask.hpp>

#include <atomic>

#include "arch/x86/platform/state.hpp"

namespace xen::platform {
namespace {

std::atomic<u32> stopper{0};       // the CPU that stops the others, plus 1
std::atomic<u32> stopped{0};
bool ready = false;

constexpr unsigned kPatience = 1'000'000;

[[noreturn]] void stop_here() {
    stopped.fetch_add(1, std::memory_order_relaxed);
    arch::halt_forever();
}

}  // namespace

void init_stop() {
    irq::set_direct_handler(vectors::kHalt, [] { stop_here(); });
    ready = true;
}

void stop_other_cpus() {
    u32 nobody = 0;
    if (!ready || !stopper.compare_exchange_strong(nobody, arch::cpu_id().raw() + 1, std::memory_order_relaxed)) return;
    u32 others = 0;
    for (usize i : cpu_online) {
        CpuId cpu{static_cast<u32>(i)};
        if (cpu == arch::cpu_id()) continue;
        apic::send_nmi(cpu);
        ++others;
    }
    for (unsigned i = 0; i < kPatience && stopped.load(std::memory_order_relaxed) < others; ++i) arch::relax();
}

bool stop_if_asked() {
    u32 by = stopper.load(std::memory_order_relaxed);
    if (by && by != arch::cpu_id().raw() + 1) stop_here();
    return by;
}

}  // namespace xen::platform
