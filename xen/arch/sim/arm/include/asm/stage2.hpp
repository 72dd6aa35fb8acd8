// SPDX-License-Identifier: MIT
// Simulated leaf: what stage 2 needs of the processor.
#pragma once

#include <asm/cpu.hpp>

namespace xen::arch {

inline u64 physical_range() { return sim::processor.id[7][0] & 15; }
inline u64 vmid_bits_field() { return sim::processor.id[7][1] >> 4 & 15; }
inline void publish_tables() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

}  // namespace xen::arch
