// SPDX-License-Identifier: MIT
// Simulated leaf: a host thread is on one simulated CPU at a time (sim/machine.hpp switches it).
#pragma once

#include "lib/index.hpp"

namespace xen {
struct Vcpu;
}

namespace xen::arch {

inline constexpr usize kStackSize = 32 * 1024;

struct CpuBlock {
    Vcpu* current;
    sptr percpu_offset;
    u32 cpu;
    u32 reserved;
    u64 scratch;
    u64 regs_end;
    u64 reserved2;
};

extern thread_local CpuBlock* this_cpu_block;
inline CpuBlock& cpu_block() { return *this_cpu_block; }
inline sptr percpu_offset() { return cpu_block().percpu_offset; }
extern sptr percpu_offsets[];
inline sptr percpu_offset(CpuId cpu) { return percpu_offsets[cpu.raw()]; }
inline Vcpu* current_vcpu() { return cpu_block().current; }
inline void set_current_vcpu(Vcpu* v) { cpu_block().current = v; }

}  // namespace xen::arch
