// SPDX-License-Identifier: MIT
// A partition's memory: at the guest's addresses of public/arch-arm.h, from the heap or from banks that its description names,
// and the regions that it shares. Boot CPU, before the guest runs. Errors are logged with their cause.
#pragma once

#include <xen/partition.hpp>

#include "arch/arm/guest_build/load.hpp"

namespace xen::guest_build {

// Wiped, and no longer in any cache.
Result<Ranges> give_memory(Domain& d, const partition::Description& p, const char* name);
Status map_regions(Domain& d, const partition::Description& p, const char* name);
// Guest addresses behind its memory, for pages of others.
Ranges free_space(const Ranges& banks);

}  // namespace xen::guest_build
