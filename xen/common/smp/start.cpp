// SPDX-License-Identifier: MIT
// Processors coming and going: the steps, in their order.
#include "common/smp/smp.hpp"

#include <asm/cpu.hpp>
#include <asm/smp.hpp>
#include <xen/idle.hpp>
#include <xen/arch_smp.hpp>
#include <xen/assert.hpp>
#include <xen/irq.hpp>
#include <xen/log.hpp>
#include <xen/platform.hpp>
#include <xen/rcu.hpp>
#include <xen/sched.hpp>
#include <xen/time.hpp>
#include <xen/timer.hpp>

#include "common/control/hotplug.hpp"

namespace xen::smp {
namespace {

CpuMask arrived;   // online and in a pool: may be told to go again

bool wait_for(CpuId cpu, Nanos limit) {
    Nanos end = time::now() + limit.raw();
    while (time::now() < end) {
        if (arrived.atomic_test(cpu.raw())) return true;
        arch::relax();
    }
    return false;
}

}  // namespace

Status cpu_up(CpuId cpu) {
    if (cpu.raw() >= kMaxCpus || !cpu_present.test(cpu.raw())) return Errno::inval;
    if (cpu_online.test(cpu.raw())) return Errno::exist;
    TRY(arch::make_cpu(cpu));
    TRY(sched::init_cpu(cpu));
    if (arch::start_processor(cpu, wait_for)) return {};
    log_error("CPU %u does not start", cpu.raw());
    return Errno::io;
}

Status cpu_down(CpuId cpu) {
    if (cpu.raw() >= kMaxCpus || !cpu_online.test(cpu.raw())) return Errno::inval;
    if (cpu.raw() == 0) return Errno::perm;
    TRY(sched::remove_cpu(cpu));
    irq::leave(cpu);
    call_on(mask_of(cpu), [](void*) { request_play_dead(); }, nullptr);
    while (!arch::is_dead(cpu)) arch::relax();
    irq::leave(cpu);   // bound in between
    timers::leave(cpu);
    rcu::cpu_offline(cpu);
    arrived.atomic_clear(cpu.raw());
    return {};
}

void start_others(u32 limit) {
    for (usize i = 0; i < platform::cpus().size(); ++i) cpu_present.assign(i, platform::cpus()[i].enabled);
    cpu_present.set(0);
    for (usize i : cpu_present) {
        if (i == 0) continue;
        if (limit && cpu_online.count() >= limit) break;
        (void)control::start_cpu(CpuId{static_cast<u32>(i)}).ok();
    }
    log_info("%zu of %zu CPUs run", cpu_online.count(), cpu_present.count());
}

void arrive() {
    CpuId cpu = arch::cpu_id();
    platform::init_cpu();
    cpu_online.atomic_set(cpu.raw());
    if (Status s = sched::join_pool(cpu); !s) panic("CPU %u cannot join its pool", cpu.raw());
    arrived.atomic_set(cpu.raw());
}

}  // namespace xen::smp
