// SPDX-License-Identifier: MIT
// Private to arch/arm/platform.
#pragma once

#include <xen/platform.hpp>

namespace xen::platform {

// -- stop.cpp
void stop_here();                    // the SGI that stops a CPU; does not return

// -- keys.cpp
void init_keys();

}  // namespace xen::platform
