// SPDX-License-Identifier: MIT
// What guests see of the processor's identification registers: features that are not virtualised are missing. Pure.
#pragma once

#include "lib/types.hpp"

namespace xen::guest {

// op0 3, op1 0, CRn 0, CRm 1 to 7; `machine`: the processor's own value. gic_v3: the guest has a GICv3, with its system registers.
u64 visible_id_register(unsigned crm, unsigned op2, u64 machine, bool gic_v3);

}  // namespace xen::guest
