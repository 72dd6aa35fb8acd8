// SPDX-License-Identifier: MIT
// The firmware's power functions (PSCI, ARM DEN0022), by SMC: that is what there is below EL2. Any context.
#pragma once

#include "lib/index.hpp"
#include "lib/result.hpp"

namespace xen::psci {

void init();                                        // boot CPU: from the device tree; without a node nothing is there
bool available();
bool has_smccc_1_1();                               // the calls that PSCI 1.0 tells of: SMCCC_ARCH_FEATURES (DEN0028 7.3)
// Errno::nodev without PSCI, exist: it runs already, io: anything else.
Status cpu_on(CpuId cpu, Paddr entry);
void cpu_off();                                     // returns only when refused
bool is_off(CpuId cpu);
void system_off();                                  // as well
void system_reset();

}  // namespace xen::psci
