// SPDX-License-Identifier: MIT
// CPUID and MSR policies through domctl and sysctl.
#pragma once

#include <public/domctl.h>
#include <public/sysctl.h>
#include <xen/domain.hpp>

namespace xen::arch {

Status get_policy(Domain& d, xen_domctl_cpu_policy& x);
Status set_policy(Domain& d, xen_domctl_cpu_policy& x, bool& told);   // the domain is paused and has not run
Status system_policy(xen_sysctl_cpu_policy& x);
Status feature_set(xen_sysctl_cpu_featureset& x);

}  // namespace xen::arch
