// SPDX-License-Identifier: MIT
// Which translations in the TLBs are whose: 8 bits on every processor (ARM D8.13.1). 0 is nobody's. Any context.
#pragma once

#include "lib/maybe.hpp"
#include "lib/types.hpp"

namespace xen::vmid {

Maybe<u16> take();
void give(u16 id);   // the TLBs have nothing of it any more

}  // namespace xen::vmid
