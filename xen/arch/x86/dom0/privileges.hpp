// SPDX-License-Identifier: MIT
#pragma once

#include <xen/domain.hpp>

namespace xen::dom0 {

// The hardware domain's devices: all ports, frames and lines, but those the hypervisor drives itself.
Status grant_privileges(Domain& d);

}  // namespace xen::dom0
