// SPDX-License-Identifier: MIT
// HYPERVISOR_domctl (public/domctl.h), one function an operation. The domain is resolved and referenced; each function
// gets the copied-in structure and changes what goes back.
#pragma once

#include <public/domctl.h>
#include <xen/control.hpp>

namespace xen::control {

Status not_itself(const Domain& d);   // Errno::inval where the caller is the domain

namespace domctls {

// Life (life.cpp). create() gives the new domain's id in op.domain.
Status create(xen_domctl& op);
Status max_vcpus(Domain& d, const xen_domctl_max_vcpus& x);
Status max_memory(Domain& d, const xen_domctl_max_mem& x);
Status set_handle(Domain& d, const xen_domctl_setdomainhandle& x);
Status set_time_offset(Domain& d, const xen_domctl_settimeoffset& x);
Status set_virq_handler(Domain& d, const xen_domctl_set_virq_handler& x);

// vCPUs (vcpu.cpp).
Status vcpu_info(Domain& d, xen_domctl_getvcpuinfo& x);
Status get_affinity(Domain& d, xen_domctl_vcpuaffinity& x);
Status set_affinity(Domain& d, xen_domctl_vcpuaffinity& x);
Status get_node_affinity(Domain& d, xen_domctl_nodeaffinity& x);
Status set_node_affinity(Domain& d, xen_domctl_nodeaffinity& x);
Status get_context(Domain& d, const xen_domctl_vcpucontext& x);
Status set_context(Domain& d, const xen_domctl_vcpucontext& x);

// What a domain may touch (permission.cpp).
Status irq_permission(Domain& d, const xen_domctl_irq_permission& x);
Status memory_permission(Domain& d, const xen_domctl_iomem_permission& x);
Status port_permission(Domain& d, const xen_domctl_ioport_permission& x);

}  // namespace domctls
}  // namespace xen::control
