// SPDX-License-Identifier: MIT
// HYPERVISOR_multicall (public/xen.h): a list of hypercalls in one entry.
#pragma once

#include <public/xen.h>
#include <xen/guest_access.hpp>

namespace xen::hypercall {

Result<s64> multicall(GuestInOut<multicall_entry> list, u32 count);

}  // namespace xen::hypercall
