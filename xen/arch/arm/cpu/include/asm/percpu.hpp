// SPDX-License-Identifier: MIT
// Leaf: where this CPU's data is. TPIDR_EL2 points at the CPU's block (ARM D19.2.139).
#pragma once

#include "lib/index.hpp"

namespace xen {
struct Vcpu;
}

namespace xen::arch {

inline constexpr usize kStackSize = 32 * 1024;

struct alignas(16) CpuBlock {
    Vcpu* current;
    sptr percpu_offset;
    u32 cpu;
};

inline CpuBlock& cpu_block() {
    u64 v;
    asm("mrs %0, tpidr_el2" : "=r"(v));
    return *reinterpret_cast<CpuBlock*>(v);
}
inline sptr percpu_offset() { return cpu_block().percpu_offset; }
extern sptr percpu_offsets[];
inline sptr percpu_offset(CpuId cpu) { return percpu_offsets[cpu.raw()]; }
inline Vcpu* current_vcpu() { return cpu_block().current; }
inline void set_current_vcpu(Vcpu* v) { cpu_block().current = v; }

}  // namespace xen::arch
