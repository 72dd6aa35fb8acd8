// SPDX-License-Identifier: MIT
// Private to arch/arm/guest: what the trap table calls. All run for the current vCPU, interrupts on.
#pragma once

#include <asm/trap.hpp>

#include "arch/arm/guest/syndrome.hpp"

namespace xen::guest {

void wait_for_interrupt(Vcpu& v);
void smccc_call(Vcpu& v);                        // function in x0, pc behind the call
void system_register(Vcpu& v, RegisterSyndrome s);
void data_abort(Vcpu& v, AbortSyndrome s);
void instruction_abort(Vcpu& v, AbortSyndrome s);

}  // namespace xen::guest
