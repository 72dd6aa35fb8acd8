// SPDX-License-Identifier: MIT
// Work deferred to the outermost frame of a CPU: raised anywhere (interrupt handlers included), run by
// process() before a guest is entered and in the idle loop, with interrupts on and no lock held.
#pragma once

#include <atomic>

#include <xen/cpumask.hpp>
#include <xen/percpu.hpp>

namespace xen::softirq {

enum class Kind : u8 { nmi, timer, rcu, console, scrub, trace, schedule, count };  // run in this order; schedule last

using Handler = void (*)();

extern PerCpu<std::atomic<u32>> pending_mask;  // one bit a Kind

void set_handler(Kind kind, Handler handler);
void raise(Kind kind);                       // on this CPU
void raise_on(Kind kind, CpuId cpu);         // sends the event-check IPI when it was not pending yet
void raise_on(Kind kind, const CpuMask& cpus);
inline bool pending() { return pending_mask.local().load(std::memory_order_relaxed) != 0; }
// Runs until nothing is pending. The schedule handler may change the current vCPU.
void process();

}  // namespace xen::softirq
