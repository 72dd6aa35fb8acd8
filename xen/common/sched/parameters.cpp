// SPDX-License-Identifier: MIT
// XEN_DOMCTL_scheduler_op and XEN_SYSCTL_scheduler_op: to the policy of the pool in question.
#include <public/domctl.h>
#include <public/sysctl.h>
#include <xen/cpupool.hpp>

#include "common/sched/pool.hpp"

namespace xen::sched {

Status scheduler_op(Domain& d, xen_domctl_scheduler_op& op) {
    if (!d.sched) return Errno::inval;
    Guard g{pool_lock};   // the domain stays in its pool
    SchedPolicy& policy = pool_of(d).policy();
    if (op.sched_id != policy.id()) return Errno::inval;
    return policy.parameters(d.sched->policy_domain, op);
}

Status scheduler_op(xen_sysctl_scheduler_op& op) {
    if (op.cmd != XEN_SYSCTL_SCHEDOP_putinfo && op.cmd != XEN_SYSCTL_SCHEDOP_getinfo) return Errno::inval;
    Guard g{pool_lock};
    Pool* p = find_pool(op.cpupool_id);
    if (!p) return Errno::srch;
    if (op.sched_id != p->policy().id()) return Errno::inval;
    return p->policy().parameters(op);
}

}  // namespace xen::sched
