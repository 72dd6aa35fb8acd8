// SPDX-License-Identifier: MIT
// A partition's memory: at the guest's addresses of public/arch-arm.h, from the heap or from banks that its description names,
// and the regions that it shares. Boot CPU, before the guest runs. Errors are logged with their cause.
#pragma once

#include <xen/partition.hpp>

#include "arch/arm/guest_build/spaces.hpp"

namespace xen::guest_build {

// Wiped, and no longer in any cache.
Result<Ranges> give_memory(Domain& d, const partition::Description& p, const char* name);
Status map_regions(Domain& d, const partition::Description& p, device_tree::Range grants, const char* name);
// Guest addresses where nothing is, for pages of others.
Ranges spaces_of(const partition::Description& p, const Ranges& memory, device_tree::Range grants);

}  // namespace xen::guest_build
