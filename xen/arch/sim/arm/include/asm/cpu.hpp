// SPDX-License-Identifier: MIT
// Simulated leaf of an Arm CPU: one host thread, a flag for interrupts, a counter that tests move.
#pragma once

#include <asm/percpu.hpp>

#include "lib/index.hpp"
#include "lib/result.hpp"
#include "lib/string.hpp"

namespace xen::sim {

struct Processor {
    bool irqs = false;
    u64 counter = 0;
    // EL1's, of whoever is current.
    u64 vbar = 0, sctlr = 0, esr = 0, far = 0, elr = 0, spsr = 0, sp_el1 = 0, cntv_ctl = 0, cntv_cval = 0, hcr = 0;
    u64 id[8][8] = {};            // identification registers by CRm and op2
    u64 far_el2 = 0, hpfar_el2 = 0;
};
extern thread_local Processor processor;

}  // namespace xen::sim

namespace xen::arch {

inline void wipe_page(void* page) { memset(page, 0, kPageSize); }
inline void relax() { ++sim::processor.counter; }
inline void increment_own(u16& word) {
    __atomic_store_n(&word, static_cast<u16>(__atomic_load_n(&word, __ATOMIC_RELAXED) + 1), __ATOMIC_RELEASE);
}
inline void fence_after_atomic() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline CpuId cpu_id() { return CpuId{cpu_block().cpu}; }
inline u64 read_flags() { return sim::processor.irqs ? 0 : 0x80; }
inline bool irqs_enabled() { return sim::processor.irqs; }
inline void irq_disable() { sim::processor.irqs = false; }
inline void irq_enable() { sim::processor.irqs = true; }
inline u64 irq_save() {
    u64 f = read_flags();
    irq_disable();
    return f;
}
inline void irq_restore(u64 f) { sim::processor.irqs = !(f & 0x80); }
[[noreturn]] inline void halt_forever() { __builtin_trap(); }
inline u64 read_counter() { return sim::processor.counter; }

}  // namespace xen::arch
