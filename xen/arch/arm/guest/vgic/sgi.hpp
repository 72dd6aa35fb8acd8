// SPDX-License-Identifier: MIT
// Private to arch/arm/guest: software-generated interrupts by system register.
#pragma once

#include <xen/domain.hpp>

namespace xen::vgic {

bool write_sgi1r(Vcpu& v, u64 value);               // ICC_SGI1R_EL1 (ARM IHI 0069 12.2.20); false: a v2 has none

}  // namespace xen::vgic
