// SPDX-License-Identifier: MIT
// HYPERVISOR_sysctl (public/sysctl.h), one function an operation. Each gets its own copied-in structure and changes
// what goes back.
#pragma once

#include <public/sysctl.h>
#include <xen/control.hpp>

namespace xen::control::sysctls {

// The machine (machine.cpp).
Status physinfo(xen_sysctl_physinfo& x);
Status topology(xen_sysctl_cputopoinfo& x);
Status device_nodes(xen_sysctl_pcitopoinfo& x);
Status numa(xen_sysctl_numainfo& x);
Status free_heap(xen_sysctl_availheap& x);
Status cpu_times(xen_sysctl_getcpuinfo& x);
Status offline_pages(xen_sysctl_page_offline_op& x);   // offline.cpp

// Console and domains (console.cpp).
Status read_console(xen_sysctl_readconsole& x);
Status debug_keys(xen_sysctl_debug_keys& x);
Status domain_list(xen_sysctl_getdomaininfolist& x);

// Power and counters (power.cpp).
void init_keys();   // debug key c
Status power_statistics(xen_sysctl_get_pmstat& x);
Status power_operation(xen_sysctl_pm_op& x);

Status pool(xen_sysctl_cpupool_op& x);
Status trace_buffers(xen_sysctl_tbuf_op& x);

}  // namespace xen::control::sysctls
