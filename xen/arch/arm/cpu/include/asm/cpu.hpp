// SPDX-License-Identifier: MIT
// Leaf: interrupt masking and the generic timer's counter at EL2.
#pragma once

#include <asm/errata.hpp>
#include <asm/percpu.hpp>

#include "lib/index.hpp"
#include "lib/result.hpp"
#include "lib/string.hpp"

namespace xen::arch {

extern "C" void wipe_page(void* page);      // memory_functions.S
inline void relax() { asm volatile("yield" ::: "memory"); }
inline void increment_own(u16& word) {
    __atomic_store_n(&word, static_cast<u16>(__atomic_load_n(&word, __ATOMIC_RELAXED) + 1), __ATOMIC_RELEASE);
}
inline void fence_after_atomic() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline CpuId cpu_id() { return CpuId{cpu_block().cpu}; }

// DAIF (ARM C5.2.3): bit 7 masks IRQs.
inline u64 read_flags() {
    u64 f;
    asm volatile("mrs %0, daif" : "=r"(f)::"memory");
    return f;
}
inline bool irqs_enabled() { return !(read_flags() & 0x80); }
inline void irq_disable() { asm volatile("msr daifset, #2" ::: "memory"); }
inline void irq_enable() { asm volatile("msr daifclr, #2" ::: "memory"); }
inline u64 irq_save() {
    u64 f = read_flags();
    irq_disable();
    return f;
}
inline void irq_restore(u64 f) { asm volatile("msr daif, %0" ::"r"(f) : "memory"); }

// Interrupts are off at the call: one that is pending ends the wait (ARM D1.6), and is taken before they are off again.
inline void halt_with_irqs() { asm volatile("dsb sy; wfi; msr daifclr, #2; isb; msr daifset, #2" ::: "memory"); }

[[noreturn]] inline void halt_forever() {
    for (;;) asm volatile("msr daifset, #15; wfi");
}

[[gnu::always_inline]] inline u64 read_counter() {
    u64 v, again;
    asm volatile("isb; mrs %0, cntpct_el0" : "=r"(v)::"memory");
    if (!errata::active<errata::Workaround::count_twice>()) [[likely]] return v;
    asm volatile("mrs %0, cntpct_el0" : "=r"(again)::"memory");
    return (v ^ again) >> 32 & 1 ? v : again;
}

}  // namespace xen::arch
