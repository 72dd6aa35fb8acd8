// SPDX-License-Identifier: MIT
// Leaf: where this CPU's data is. One block at the top of each CPU's stack, found from the stack pointer
// (the IST stacks lie in the same aligned area), so that neither GS nor SWAPGS is needed.
#pragma once

#include "lib/index.hpp"

namespace xen {
struct Vcpu;
}

namespace xen::arch {

inline constexpr usize kStackSize = 32 * 1024;  // aligned to its size; IST stacks at the bottom, block at the top

// The entry code knows the offsets (asm/entry_offsets.h). An empty stack begins right below the block.
struct alignas(16) CpuBlock {
    Vcpu* current;
    sptr percpu_offset;   // this CPU's copy of .percpu minus the template
    u32 cpu;
    u32 reserved;
    u64 scratch;          // the guest's stack pointer during the first instructions of a system call
    u64 regs_end;         // end of the current vCPU's registers, as TSS.RSP0
    u64 gdt_frame;        // physical address of this CPU's page of the GDT
    const void* softirqs; // this CPU's softirq::pending_mask
};
static_assert(sizeof(CpuBlock) == 64);

inline CpuBlock& cpu_block() {
    u64 sp;
    asm("mov %%rsp, %0" : "=r"(sp));
    return *reinterpret_cast<CpuBlock*>((sp | (kStackSize - 1)) + 1 - sizeof(CpuBlock));
}

inline sptr percpu_offset() { return cpu_block().percpu_offset; }
extern sptr percpu_offsets[];  // by CPU
inline sptr percpu_offset(CpuId cpu) { return percpu_offsets[cpu.raw()]; }

inline Vcpu* current_vcpu() { return cpu_block().current; }
inline void set_current_vcpu(Vcpu* v) { cpu_block().current = v; }

}  // namespace xen::arch
