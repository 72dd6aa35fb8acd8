// SPDX-License-Identifier: MIT
// What a policy asks of the machine. The analysis cannot see which run queue the policy's caller has locked.
#include "common/sched/pool.hpp"

namespace xen::sched {

void Pool::reschedule_by(CpuId cpu, Nanos when) NO_THREAD_SAFETY_ANALYSIS { limit_slice(cpu_of(cpu), when); }
bool Pool::try_lock(CpuId cpu) NO_THREAD_SAFETY_ANALYSIS { return cpu_of(cpu).lock.try_acquire(); }
void Pool::unlock(CpuId cpu) NO_THREAD_SAFETY_ANALYSIS { cpu_of(cpu).lock.release(); }

// From account() only, which runs in a softirq with interrupts on: they are off between the two.
void Pool::lock_home(Entity& e) NO_THREAD_SAFETY_ANALYSIS {
    arch::irq_disable();
    for (;;) {
        Cpu& c = cpu_of(e.cpu.load(std::memory_order_acquire));
        c.lock.acquire();
        if (e.home() == c.id) return;
        c.lock.release();
    }
}

void Pool::unlock_home(Entity& e) NO_THREAD_SAFETY_ANALYSIS {
    cpu_of(e.home()).lock.release();
    arch::irq_enable();
}

}  // namespace xen::sched
