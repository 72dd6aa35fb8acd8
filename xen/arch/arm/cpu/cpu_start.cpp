// SPDX-License-Identifier: MIT
// A processor before its first instruction of ours, and after its last.
#include <atomic>

#include <asm/cache.hpp>
#include <asm/cpu.hpp>
#include <asm/cpu_affinity.hpp>
#include <asm/cpu_area.hpp>
#include <asm/entry.hpp>
#include <asm/errata.hpp>
#include <asm/gic.hpp>
#include <asm/psci.hpp>
#include <asm/smp.hpp>
#include <asm/sysreg.hpp>
#include <xen/heap.hpp>
#include <xen/sched.hpp>
#include <xen/softirq.hpp>
#include <xen/time.hpp>

#include "common/smp/smp.hpp"
#include "lib/string.hpp"

extern "C" {
extern char percpu_start[], percpu_end[], secondary_entry[];
[[noreturn]] void start_secondary();
xen::arch::SecondaryStart secondary_start{};
}

namespace xen {
namespace arch {

constinit sptr percpu_offsets[kMaxCpus]{};

void unload_state();   // context_switch.cpp

namespace {

constinit std::atomic<bool> dead[kMaxCpus]{};

void fill_block(CpuId cpu) {
    CpuBlock& b = block_of(cpu);
    b = {};
    b.current = &sched::idle_vcpu(cpu);
    b.percpu_offset = percpu_offsets[cpu.raw()];
    b.cpu = cpu.raw();
    b.softirqs = &softirq::pending_mask.remote(cpu);
}

}  // namespace

Status make_cpu(CpuId cpu) {
    TRY(create_area(cpu));
    return smp::create_percpu(cpu);
}

// Its first loads pass the caches.
Paddr prepare_entry(CpuId cpu) {
    fill_block(cpu);
    dead[cpu.raw()].store(false, std::memory_order_relaxed);
    secondary_start = {image_physical(xen_root).raw(), reinterpret_cast<u64>(&block_of(cpu)), reinterpret_cast<u64>(&block_of(cpu))};
    clean_cache(&secondary_start, sizeof(secondary_start));
    return image_physical(secondary_entry);
}

bool is_dead(CpuId cpu) { return dead[cpu.raw()].load(std::memory_order_acquire) && psci::is_off(cpu); }

void play_dead() {
    unload_state();
    smp::leave_calls();
    irq_enable();   // what was on its way to this CPU
    time::busy_wait(millis(1));
    irq_disable();
    dead[cpu_id().raw()].store(true, std::memory_order_release);
    psci::cpu_off();
    halt_forever();
}

}  // namespace arch
}  // namespace xen

// Each further CPU, on its own stack, interrupts off.
void start_secondary() {
    using namespace xen;
    arch::setup_cpu();
    if (!errata::join() || !gic::reach_cpu()) arch::halt_forever();
    smp::arrive();
    enter_current();
}
