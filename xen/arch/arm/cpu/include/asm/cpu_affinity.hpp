// SPDX-License-Identifier: MIT
// Leaf: the affinity fields of MPIDR_EL1 (ARM D19.2.102), by which firmware and interrupt controllers name processors.
#pragma once

#include <asm/sysreg.hpp>

#include "lib/index.hpp"

namespace xen::arch {

inline constexpr u64 kAffinity = 0xff00ffffff;
inline u64 own_affinity() { return READ_SYSREG(mpidr_el1) & kAffinity; }
u64 affinity_of(CpuId cpu);   // of any present CPU, as the device tree has it (arch/arm/platform)

}  // namespace xen::arch
