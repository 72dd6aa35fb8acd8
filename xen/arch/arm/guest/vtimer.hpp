// SPDX-License-Identifier: MIT
// Private to arch/arm/guest: the timers as system registers, and as lines.
#pragma once

#include <asm/vtimer.hpp>

namespace xen::vtimer {

// CNTP_TVAL, CNTP_CTL and CNTP_CVAL of the current vCPU are register 0, 1, 2. False: undefined.
bool access(Vcpu& v, unsigned which, bool read, u64& value);
// The virtual timer of the current vCPU, from the processor: enabled, not masked, and its time has come.
bool line();

}  // namespace xen::vtimer
