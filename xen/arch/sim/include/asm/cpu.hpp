// SPDX-License-Identifier: MIT
// Simulated leaf: registers are variables of the simulated CPU, time is a counter that tests move, CPUID and MSRs are
// tables, ports go to simulated devices (sim/machine.hpp).
#pragma once

#include <asm/percpu.hpp>

#include "lib/index.hpp"
#include "lib/result.hpp"
#include "lib/string.hpp"

namespace xen::arch {

struct CpuidRegs {
    u32 a, b, c, d;
};

inline void wipe_page(void* page) { memset(page, 0, kPageSize); }
void relax();
inline void increment_own(u16& word) {
    __atomic_store_n(&word, static_cast<u16>(__atomic_load_n(&word, __ATOMIC_RELAXED) + 1), __ATOMIC_RELEASE);
}
inline void fence_after_atomic() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline CpuId cpu_id() { return CpuId{cpu_block().cpu}; }
u64 read_flags();
bool irqs_enabled();
void irq_disable();
void irq_enable();
u64 irq_save();
void irq_restore(u64 f);
void halt_with_irqs();
inline void triple_fault() { __builtin_trap(); }
[[noreturn]] inline void halt_forever() { __builtin_trap(); }
u64 rdtsc();
inline u64 rdtsc_ordered() { return rdtsc(); }
inline u64 read_counter() { return rdtsc(); }
CpuidRegs cpuid(u32 leaf, u32 sub = 0);
u64 rdmsr(u32 msr);
void wrmsr(u32 msr, u64 v);
Result<u64> rdmsr_safe(u32 msr);
Status wrmsr_safe(u32 msr, u64 v);
u64 read_cr(unsigned n);
void write_cr(unsigned n, u64 v);
inline u64 read_cr0() { return read_cr(0); }
inline u64 read_cr2() { return read_cr(2); }
inline u64 read_cr3() { return read_cr(3); }
inline u64 read_cr4() { return read_cr(4); }
inline void write_cr0(u64 v) { write_cr(0, v); }
inline void write_cr2(u64 v) { write_cr(2, v); }
inline void write_cr3(u64 v) { write_cr(3, v); }
inline void write_cr4(u64 v) { write_cr(4, v); }
void invlpg(u64 a);
inline void clts() { write_cr(0, read_cr(0) & ~u64{8}); }
inline void store_fence() {}
inline void wbinvd() {}
inline void flush_lines(const void*, usize) {}
inline void swap_gs() {}
u64 read_dr(unsigned n);
void write_dr(unsigned n, u64 v);
u8 inb(u16 p);
u16 inw(u16 p);
u32 inl(u16 p);
void outb(u16 p, u8 v);
void outw(u16 p, u16 v);
void outl(u16 p, u32 v);

}  // namespace xen::arch
