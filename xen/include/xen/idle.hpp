// SPDX-License-Identifier: MIT
// What a CPU does when there is nothing to do; the simulated ones have their own. Interrupts off in all of them.
#pragma once

#include <xen/percpu.hpp>

namespace xen::smp {

// No softirq is pending: scrubs some memory, or halts until an interrupt.
void idle_once();
// This CPU leaves: the idle loop of the outermost frame ends in halting, until the CPU is started again.
void request_play_dead();

// While halted nobody waits for this CPU's RCU readers; the first interrupt ends that.
extern PerCpu<bool> halted;
void leave_halt();
inline void wake_from_halt() {
    if (halted.local()) [[unlikely]] leave_halt();
}

}  // namespace xen::smp
