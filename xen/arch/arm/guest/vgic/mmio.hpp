// SPDX-License-Identifier: MIT
// Private to arch/arm/guest: the register frames of the guest's interrupt controller.
#pragma once

#include <asm/trap.hpp>

namespace xen::vgic {

bool owns(const Domain& d, u64 address);            // inside one of its frames
// Of the current vCPU; `nobody` outside its frames. Registers that are reserved, and accesses of another width than a register
// has, read as zero and ignore writes.
guest::Outcome access(Vcpu& v, guest::Access& a);

}  // namespace xen::vgic
