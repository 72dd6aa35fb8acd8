// SPDX-License-Identifier: MIT
// What the log calls the operations of domctl and sysctl: as the public headers do. Null where they have no such number.
#pragma once

#include "lib/types.hpp"

namespace xen::control {

const char* domctl_name(u32 number);
const char* sysctl_name(u32 number);

}  // namespace xen::control
