// SPDX-License-Identifier: MIT
// Trace records (public/trace.h). What happens is written into a ring for each CPU, which xentrace in the control domain
// reads; while nobody traces, a trace point costs one load and one branch. Any context but NMI, interrupts on or off, any
// lock held. Rings come with `tbuf_size=` or XEN_SYSCTL_TBUFOP_set_size and stay for good.
#pragma once

#include <atomic>

#include <public/sysctl.h>
#include <public/trace.h>
#include <xen/config/tracebuffer.hpp>

#include "lib/result.hpp"

namespace xen::trace {

extern std::atomic<u32> mask;   // of the events that are wanted; 0 while tracing is off

// Somebody may want it: asked before anything is worked out for a record. record() looks closer.
[[gnu::always_inline]] inline bool on(u32 event) {
    if constexpr (!config::tracebuffer) return false;
    return (mask.load(std::memory_order_relaxed) & event) != 0;
}

// With the time stamp counter and at most TRACE_EXTRA_MAX words.
void record(u32 event, const u32* words, unsigned count);

template <class... W>
[[gnu::always_inline]] inline void put(u32 event, W... words) {
    static_assert(sizeof...(W) <= TRACE_EXTRA_MAX);
    if (!on(event)) [[likely]] return;
    const u32 list[sizeof...(W) + 1] = {static_cast<u32>(words)..., 0};
    record(event, list, sizeof...(W));
}

inline u32 low(u64 v) { return static_cast<u32>(v); }
inline u32 high(u64 v) { return static_cast<u32>(v >> 32); }

void init();                                  // `tbuf_size=`, `tevt_mask=`; boot CPU, all CPUs up
Status control(xen_sysctl_tbuf_op& op);       // XEN_SYSCTL_tbuf_op, serialised by sysctl

}  // namespace xen::trace
