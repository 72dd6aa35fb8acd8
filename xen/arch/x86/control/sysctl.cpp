// SPDX-License-Identifier: MIT
// The x86 operations of sysctl, and common ones that this build has nothing behind.
#include <xen/arch_control.hpp>

#include "arch/x86/control/live_patch.hpp"
#include "arch/x86/control/policy.hpp"

namespace xen::arch {

Status sysctl(xen_sysctl& op, bool& changed) {
    changed = true;
    switch (op.cmd) {
    case XEN_SYSCTL_get_cpu_levelling_caps: op.u.cpu_levelling_caps.caps = 0; return {};
    case XEN_SYSCTL_get_cpu_featureset: return feature_set(op.u.cpu_featureset);
    case XEN_SYSCTL_get_cpu_policy: return system_policy(op.u.cpu_policy);
    // No cache monitoring or allocation.
    case XEN_SYSCTL_psr_cmt_op: return Errno::nodev;
    case XEN_SYSCTL_psr_alloc: return op.u.psr_alloc.cmd > XEN_SYSCTL_PSR_get_mba_info ? Errno::opnotsupp : Errno::nodev;
    case XEN_SYSCTL_livepatch_op: return live_patch(op.u.livepatch);
    case XEN_SYSCTL_coverage_op: return Errno::opnotsupp;
    default: changed = false; return Errno::nosys;
    }
}

}  // namespace xen::arch
