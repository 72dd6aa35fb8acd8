// SPDX-License-Identifier: MIT
#pragma once

#include "lib/types.hpp"

namespace xen::memory {

// Single frames with old contents and every reference word zero, a list through PageInfo::next; 0 is none.
void free_list(u32 first);

}  // namespace xen::memory
