// SPDX-License-Identifier: MIT
// The rings of all CPUs and the page of their addresses (struct t_info), visible to a control domain as frames of DOMID_XEN.
// Made once, for the CPUs that are online then.
#pragma once

#include <atomic>

#include <xen/cpumask.hpp>

#include "common/trace/ring.hpp"

namespace xen::trace {

struct CpuRing {
    explicit CpuRing(Array<char*> pages) : ring{std::move(pages)} {}
    Ring ring;
    std::atomic<bool> forget{false};   // lost records, at the next one
};

// This CPU's; nullptr when it has none.
CpuRing* ring_of(CpuId cpu);

// Pages for each CPU, less where the layout of t_info does not allow as many. Errno::busy when they exist, inval, nomem.
Status make_buffers(u32 pages);
u32 pages_per_cpu();       // 0: none made
Maybe<Mfn> info_frame();
u32 info_bytes();          // also when only planned: 0 before

}  // namespace xen::trace
