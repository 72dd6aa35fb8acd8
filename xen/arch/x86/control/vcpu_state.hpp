// SPDX-License-Identifier: MIT
#pragma once

#include <public/domctl.h>
#include <xen/domain.hpp>

namespace xen::arch {

// XEN_DOMCTL_get_ext_vcpucontext and set: system-call entries of a PV vCPU.
Status get_extended(Domain& d, xen_domctl_ext_vcpucontext& x);
Status set_extended(Domain& d, const xen_domctl_ext_vcpucontext& x);

// saved_state.cpp: what a stream of libxc carries of a PV vCPU besides. Errno::srch for a number that is nobody's,
// Errno::inval for the caller itself.
Status get_extended_state(Domain& d, xen_domctl_vcpuextstate& x);
Status set_extended_state(Domain& d, const xen_domctl_vcpuextstate& x);
Status get_msrs(Domain& d, xen_domctl_vcpu_msrs& x);
Status set_msrs(Domain& d, xen_domctl_vcpu_msrs& x);

// shadow.cpp.
Status shadow(Domain& d, xen_domctl_shadow_op& x, bool& changed);

// unsupported.cpp: operations for what a PV domain has not, with the errors that they end in.
Status unsupported(xen_domctl& op, Domain& d);

}  // namespace xen::arch
