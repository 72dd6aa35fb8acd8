// SPDX-License-Identifier: MIT
// Private to arch/arm/platform: the processors of the device tree.
#pragma once

#include "lib/index.hpp"

namespace xen::platform {

void find_cpus();                       // boot CPU, once

}  // namespace xen::platform
