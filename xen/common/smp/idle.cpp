// SPDX-License-Identifier: MIT
#include <xen/idle.hpp>

#include <asm/cpu.hpp>
#include <asm/smp.hpp>
#include <xen/memory.hpp>
#include <xen/rcu.hpp>
#include <xen/sched.hpp>
#include <xen/softirq.hpp>

namespace xen::smp {
namespace {

XEN_PERCPU constinit PerCpu<bool> dying{};

}  // namespace

XEN_PERCPU constinit PerCpu<bool> halted{};

void request_play_dead() { dying.local() = true; }

void leave_halt() {
    halted.local() = false;
    rcu::idle_exit();
}

void idle_once() {
    if (dying.local()) [[unlikely]] {
        dying.local() = false;
        arch::play_dead();
    }
    arch::irq_enable();
    bool more = memory::scrub_some();
    arch::irq_disable();
    if (more || softirq::pending()) return;
    if (!sched::idle_limit.load(std::memory_order_relaxed)) [[unlikely]] return arch::relax();
    rcu::idle_enter();
    halted.local() = true;
    if (!softirq::pending()) arch::halt_with_irqs();
    wake_from_halt();
}

}  // namespace xen::smp
