// SPDX-License-Identifier: MIT
// Who hears of it when a domain shuts down. Set once, at boot.
#pragma once

#include <xen/domain.hpp>

namespace xen::domain {

// For every domain but the hardware domain, when its vCPUs stand still: in the context of the one that asked.
void set_shutdown_observer(void (*observer)(Domain& d, unsigned reason));

}  // namespace xen::domain
