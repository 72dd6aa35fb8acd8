// SPDX-License-Identifier: MIT
// Leaf: where this CPU's data is. TPIDR_EL2 points at the CPU's block (ARM D19.2.139).
#pragma once

#include "lib/index.hpp"

namespace xen {
struct Vcpu;
}

namespace xen::arch {

inline constexpr usize kStackSize = 32 * 1024;

// The entry code knows the offsets (asm/entry_offsets.h). It lies at the end of the CPU's stack.
struct alignas(16) CpuBlock {
    Vcpu* current;
    sptr percpu_offset;
    u32 cpu;
    u32 reserved;
    const void* softirqs;   // this CPU's softirq::pending_mask
    u64 mpidr;              // affinity fields
    u64 padding;
};
static_assert(sizeof(CpuBlock) == 48);

inline CpuBlock& cpu_block() {
    u64 v;
    asm("mrs %0, tpidr_el2" : "=r"(v));
    return *reinterpret_cast<CpuBlock*>(v);
}
inline void use_block(CpuBlock& b) { asm volatile("msr tpidr_el2, %0" ::"r"(&b) : "memory"); }
inline sptr percpu_offset() { return cpu_block().percpu_offset; }
extern sptr percpu_offsets[];
inline sptr percpu_offset(CpuId cpu) { return percpu_offsets[cpu.raw()]; }
inline Vcpu* current_vcpu() { return cpu_block().current; }
inline void set_current_vcpu(Vcpu* v) { cpu_block().current = v; }

}  // namespace xen::arch
