// SPDX-License-Identifier: MIT
// How much the core has done: one unit is one comparison that it made. A loop makes one a round at least, whatever it does.
#pragma once

#include "lib/types.hpp"

namespace xen::work {

u64 done();    // units so far

}  // namespace xen::work
