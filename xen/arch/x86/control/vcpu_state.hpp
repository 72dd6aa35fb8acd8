// SPDX-License-Identifier: MIT
#pragma once

#include <public/domctl.h>
#include <xen/domain.hpp>

namespace xen::arch {

// XEN_DOMCTL_get_ext_vcpucontext and set: system-call entries of a PV vCPU.
Status get_extended(Domain& d, xen_domctl_ext_vcpucontext& x);
Status set_extended(Domain& d, const xen_domctl_ext_vcpucontext& x);

}  // namespace xen::arch
