// SPDX-License-Identifier: MIT
// CPU pools: disjoint sets of CPUs, each with a scheduler of its own; a domain runs in one pool. Pool 0 always exists
// and takes every CPU that comes up. For sysctl and domctl. Errors are those of public/sysctl.h. The caller holds
// no lock below sysctl. Functions that return Errno::restart are to be called again with the same arguments once
// the caller's CPU has passed its outermost frame (that is what a continuation does).
#pragma once

#include <public/domctl.h>
#include <public/sysctl.h>
#include <xen/cpumask.hpp>
#include <xen/domain.hpp>

#include "lib/result.hpp"

namespace xen::sched {

inline constexpr u32 kNoPool = ~0u;

struct PoolInfo {
    u32 id;
    u32 scheduler;      // XEN_SCHEDULER_*
    u32 domains;
    CpuMask cpus;
};

Result<u32> create_pool(u32 id, u32 scheduler);      // id or XEN_SYSCTL_CPUPOOL_PAR_ANY; gives the id
Status destroy_pool(u32 id);
Result<PoolInfo> pool_info(u32 at_least);            // the first pool with this id or a higher one
Status add_cpu_to_pool(u32 pool, u32 cpu);           // cpu or XEN_SYSCTL_CPUPOOL_PAR_ANY
Status remove_cpu_from_pool(u32 pool, u32 cpu);      // may give Errno::restart
Status move_domain(Domain& d, u32 pool);             // not the caller's own domain
CpuMask free_cpus();                                 // in no pool
CpuMask pool_cpus(const Domain& d);                  // those the domain may use

// XEN_SYSCTL_cpupool_op as a whole but for access checks and copying of the bitmap: what INFO and FREEINFO report is
// left in `cpumap`, and `op` has its other outputs.
Status cpupool_op(xen_sysctl_cpupool_op& op, CpuMask& cpumap);

u32 default_scheduler();                                      // XEN_SYSCTL_sched_id
Status scheduler_op(Domain& d, xen_domctl_scheduler_op& op);  // XEN_DOMCTL_scheduler_op
Status scheduler_op(xen_sysctl_scheduler_op& op);             // XEN_SYSCTL_scheduler_op

}  // namespace xen::sched
