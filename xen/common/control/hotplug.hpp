// SPDX-License-Identifier: MIT
// CPUs on and off at somebody's wish. With `smt=0` the second threads of cores stay off until XEN_SYSCTL_cpu_hotplug allows
// them. Boot CPU at boot, then under the sysctl or the platform lock.
#pragma once

#include <public/sysctl.h>
#include <xen/cpumask.hpp>

#include "lib/result.hpp"

namespace xen::control {

// As smp::cpu_up; Errno::perm for a second thread that is to stay off: it was started, so that the processor knows its
// own state, and stopped again.
Status start_cpu(CpuId cpu);
// Second threads allowed and started, or stopped and forbidden. Errno::restart: call again.
Status set_second_threads(bool on);
Status hotplug(const xen_sysctl_cpu_hotplug& x);

}  // namespace xen::control
