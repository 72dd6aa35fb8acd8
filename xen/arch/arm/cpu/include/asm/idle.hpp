// SPDX-License-Identifier: MIT
// What a CPU does when there is nothing to do. Interrupts off in all of them.
#pragma once

#include <xen/percpu.hpp>

namespace xen::arch {

// No softirq is pending: scrubs some memory, or waits for an interrupt.
void idle_once();
// This CPU leaves: the idle loop of the outermost frame ends in play_dead().
void request_play_dead();

// While it waits nobody waits for this CPU's RCU readers; the first interrupt ends that.
extern PerCpu<bool> halted;
void leave_halt();
inline void wake_from_halt() {
    if (halted.local()) [[unlikely]] leave_halt();
}

}  // namespace xen::arch
