// SPDX-License-Identifier: MIT
// Guests have an address space of their own below EL2: nothing of it is the hypervisor's.
#pragma once

#include "lib/types.hpp"

namespace xen::arch {

inline constexpr u64 kXenStart = 0;   // XENVER_platform_parameters: no address is reserved

constexpr bool guest_range_ok(u64 start, u64 bytes) { return start + bytes >= start; }

}  // namespace xen::arch
