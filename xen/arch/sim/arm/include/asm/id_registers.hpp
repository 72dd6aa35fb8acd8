// SPDX-License-Identifier: MIT
// Simulated leaf: identification registers are what tests put there.
#pragma once

#include <asm/cpu.hpp>

namespace xen::arch {

inline u64 read_id_register(unsigned crm, unsigned op2) { return sim::processor.id[crm][op2]; }

}  // namespace xen::arch
