// SPDX-License-Identifier: MIT
// What an architecture does for a domain that starts with the hypervisor (xen/partition.hpp).
#pragma once

#include <xen/domain.hpp>
#include <xen/partition.hpp>

namespace xen::arch {

// What its domain is made with beyond what every architecture's is.
Status prepare_partition(domain::CreateInfo& info, const partition::Description& p);
// Memory, kernel, ramdisk, console and the first vCPU's registers. The domain exists with its vCPUs and its event channels,
// paused. Errors are logged with their cause.
Status build_partition(Domain& d, const partition::Description& p, const partition::Machine& m);

}  // namespace xen::arch
