// SPDX-License-Identifier: MIT
// Leaf: each CPU's stack at a fixed virtual place, its block at the end, and a hole of the same size below it. Made once,
// it stays when the CPU goes off.
#pragma once

#include <asm/mapping.hpp>
#include <asm/percpu.hpp>

namespace xen::arch {

constexpr u64 area_of(CpuId cpu) { return kCpuAreas + u64{cpu.raw()} * 2 * kStackSize; }
inline u64 stack_end_of(CpuId cpu) { return area_of(cpu) + 2 * kStackSize; }
inline CpuBlock& block_of(CpuId cpu) { return *reinterpret_cast<CpuBlock*>(stack_end_of(cpu) - sizeof(CpuBlock)); }

// Errno::nomem.
Status create_area(CpuId cpu);
// The system registers that every CPU sets for itself, on its own stack.
void setup_cpu();

}  // namespace xen::arch
