// SPDX-License-Identifier: MIT
// Simulated leaf: which affinity a CPU has is the test's to say.
#pragma once

#include "lib/index.hpp"

namespace xen::arch {

u64 own_affinity();
u64 affinity_of(CpuId cpu);

}  // namespace xen::arch
