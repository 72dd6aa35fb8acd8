// SPDX-License-Identifier: MIT
#pragma once

#include <public/domctl.h>
#include <xen/domain.hpp>

namespace xen::control {

// What XEN_DOMCTL_getdomaininfo and XEN_SYSCTL_getdomaininfolist tell of a domain, as of now.
xen_domctl_getdomaininfo domain_info(Domain& d);

}  // namespace xen::control
