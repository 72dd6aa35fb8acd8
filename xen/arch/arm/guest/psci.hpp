// SPDX-License-Identifier: MIT
// The power state coordination interface that guests see: PSCI 1.1 (ARM DEN0022), for vCPUs.
#pragma once

#include <xen/domain.hpp>

namespace xen::psci {

// Of the current vCPU; false: not one of its functions. Otherwise x0 has the result.
bool call(Vcpu& v, u32 function);

}  // namespace xen::psci
