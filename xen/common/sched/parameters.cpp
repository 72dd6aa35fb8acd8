// SPDX-License-Identifier: MIT
// XEN_DOMCTL_scheduler_op and XEN_SYSCTL_scheduler_op: to the policy of the pool in question.
#include <public/domctl.h>
#include <public/sysctl.h>
#include <xen/cpupool.hpp>
#include <xen/refusal.hpp>

#include "common/sched/pool.hpp"

namespace xen::sched {
namespace {

Errno wrong_scheduler(u32 asked, const SchedPolicy& policy) {
    return refuse(Errno::inval, "sched_id is %u, the pool's scheduler is %u", asked, policy.id());
}

}  // namespace

Status scheduler_op(Domain& d, xen_domctl_scheduler_op& op) {
    if (!d.sched) return Errno::inval;
    Guard g{pool_lock};   // the domain stays in its pool
    SchedPolicy& policy = pool_of(d).policy();
    if (op.sched_id != policy.id()) return wrong_scheduler(op.sched_id, policy);
    return policy.parameters(d.sched->policy_domain, op);
}

Status scheduler_op(xen_sysctl_scheduler_op& op) {
    if (op.cmd != XEN_SYSCTL_SCHEDOP_putinfo && op.cmd != XEN_SYSCTL_SCHEDOP_getinfo)
        return refuse(Errno::inval, "cmd is %u: there is no such one", op.cmd);
    Guard g{pool_lock};
    Pool* p = find_pool(op.cpupool_id);
    if (!p) return refuse(Errno::srch, "cpupool_id is %u: there is no such pool", op.cpupool_id);
    if (op.sched_id != p->policy().id()) return wrong_scheduler(op.sched_id, p->policy());
    return p->policy().parameters(op);
}

}  // namespace xen::sched
