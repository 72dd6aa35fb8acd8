// SPDX-License-Identifier: MIT
// Which translations in the TLBs are whose (ARM D8.13.1): 16 bits where the processor has them, else 8, and then no more than
// 255 domains at a time. 0 is nobody's. Any context.
#pragma once

#include "lib/maybe.hpp"
#include "lib/types.hpp"

namespace xen::vmid {

bool wide();         // 16 bits: VTCR_EL2.VS
Maybe<u16> take();
void give(u16 id);   // the TLBs have nothing of it any more

}  // namespace xen::vmid
