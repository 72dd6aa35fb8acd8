// SPDX-License-Identifier: MIT
// Which records are written.
#pragma once

#include <public/trace.h>
#include <xen/cpumask.hpp>

namespace xen::trace {

// The mask names the event's class, and of its subclass bits at least one.
constexpr bool wanted(u32 events, u32 event) {
    return ((events >> TRC_CLS_SHIFT) & (event >> TRC_CLS_SHIFT)) && ((events >> TRC_SUBCLS_SHIFT) & (event >> TRC_SUBCLS_SHIFT) & 0xf);
}
static_assert(wanted(TRC_SCHED, TRC_SCHED_SWITCH) && wanted(TRC_SCHED_MIN, TRC_SCHED_RUNSTATE_CHANGE));
static_assert(!wanted(TRC_SCHED_MIN, TRC_SCHED_SWITCH) && !wanted(TRC_SCHED, TRC_PV_TRAP) && !wanted(0, TRC_PV_TRAP));

bool cpu_traced(CpuId cpu);

}  // namespace xen::trace
