// SPDX-License-Identifier: MIT
// Private to vgic: the registers with a bit, two or eight for each interrupt (ARM IHI 0069 12.9.4 to 12.9.32).
#pragma once

#include <asm/trap.hpp>

#include "arch/arm/guest/vgic/state.hpp"

namespace xen::vgic::fields {

// Offset `at` of a frame in which interrupts [first, end) are visible; private ones are those of v. False: no such register.
// What is outside, or an access of another width, reads as zero and is not written.
bool access(DomainState& s, VcpuState& v, u32 at, unsigned first, unsigned end, guest::Access& a) REQUIRES(s.lock);

}  // namespace xen::vgic::fields
