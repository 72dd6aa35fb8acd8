// SPDX-License-Identifier: MIT
// The generic timer of a vCPU. The virtual one is the processor's own while the vCPU runs: its interrupt is linked to the
// guest's. For a vCPU that is switched out a software timer wakes it when its time comes. The physical one is emulated.
#pragma once

#include <xen/domain.hpp>

#include "lib/result.hpp"

namespace xen::vtimer {

inline constexpr unsigned kVirtualPpi = 27, kPhysicalPpi = 30;

Status init_vcpu(Vcpu& v);
void destroy_vcpu(Vcpu& v);
void reset_vcpu(Vcpu& v);

// PPI 27 came while the current vCPU has the CPU: acknowledged, priority dropped, not deactivated. Interrupts off.
void fired(Vcpu& v);
// The context switch: after CNTV_* were stored into arch.timer and the timer was turned off; before they are loaded.
void switched_out(Vcpu& v);
void switching_in(Vcpu& v);

}  // namespace xen::vtimer
