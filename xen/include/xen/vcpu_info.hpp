// SPDX-License-Identifier: MIT
// Where a vCPU's vcpu_info lies: in the domain's shared_info at first, then once in a page of the guest's choice.
#pragma once

#include <xen/domain.hpp>

#include "lib/result.hpp"

namespace xen::domain {

// VCPUOP_register_vcpu_info: for the current vCPU, or another one that is down. Moves the contents, and makes every
// event look pending once. The frame is held writable until the vCPU dies. Errno::nxio for a place that is
// misaligned or crosses the page, Errno::inval for all else that is wrong.
Status register_vcpu_info(Vcpu& v, Gfn frame, u32 offset);

}  // namespace xen::domain
