// SPDX-License-Identifier: MIT
// Simulated leaf: a call on another CPU is a call that returns. A CPU starts when its APIC gets a STARTUP, which is the
// test's to notice (sim/state.hpp), and is off once it was asked to be.
#pragma once

#include <xen/smp.hpp>

#include "lib/result.hpp"

namespace xen::arch {

inline bool waits_for_others() { return false; }
Status make_cpu(CpuId cpu);
void prepare_entry(CpuId cpu);
inline u8 entry_page() { return 0x8; }
bool is_dead(CpuId cpu);

}  // namespace xen::arch
