// SPDX-License-Identifier: MIT
// Leaf: the instructions that are privileged or machine-specific. SDM volume 2 has each; nothing here decides.
#pragma once

#include <asm/percpu.hpp>

#include "lib/index.hpp"
#include "lib/result.hpp"

namespace xen::arch {

extern "C" void wipe_page(void* page);      // memory_functions.S
inline void relax() { asm volatile("pause" ::: "memory"); }
// One more in a word that nobody else writes; what came before is seen by whoever sees it. One instruction, where an atomic
// load and an atomic store are three.
inline void increment_own(u16& word) { asm volatile("incw %0" : "+m"(word)::"memory", "cc"); }
// Between an atomic read-modify-write and a load of another word: every one of them is a full barrier here (SDM 3A 8.2.2).
inline void fence_after_atomic() { asm volatile("" ::: "memory"); }
inline CpuId cpu_id() { return CpuId{cpu_block().cpu}; }

inline u64 read_flags() {
    u64 f;
    asm volatile("pushfq; pop %0" : "=r"(f)::"memory");
    return f;
}
inline bool irqs_enabled() { return read_flags() & 0x200; }
inline void irq_disable() { asm volatile("cli" ::: "memory"); }
inline void irq_enable() { asm volatile("sti" ::: "memory"); }
inline u64 irq_save() {
    u64 f = read_flags();
    irq_disable();
    return f;
}
inline void irq_restore(u64 f) {
    if (f & 0x200) irq_enable();
}
// Interrupts are off at the call and on from the HLT, so that no wake-up is lost.
inline void halt_with_irqs() { asm volatile("sti; hlt; cli" ::: "memory"); }

[[noreturn]] inline void halt_forever() {
    for (;;) asm volatile("cli; hlt" ::: "memory");
}

// With no table to take the breakpoint from, the processor shuts down, and the machine resets it.
inline void triple_fault() {
    const struct [[gnu::packed]] {
        u16 limit = 0;
        u64 base = 0;
    } none;
    asm volatile("lidt %0; int3" ::"m"(none) : "memory");
}

inline u64 rdtsc() {
    u32 lo, hi;
    asm volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return u64{hi} << 32 | lo;
}
inline u64 read_counter() { return rdtsc(); }
inline u64 rdtsc_ordered() {
    u32 lo, hi;
    asm volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi)::"memory");
    return u64{hi} << 32 | lo;
}

struct CpuidRegs {
    u32 a, b, c, d;
};
inline CpuidRegs cpuid(u32 leaf, u32 sub = 0) {
    CpuidRegs r;
    asm volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(sub));
    return r;
}

inline u64 rdmsr(u32 msr) {
    u32 lo, hi;
    asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    return u64{hi} << 32 | lo;
}
inline void wrmsr(u32 msr, u64 v) {
    asm volatile("wrmsr" ::"c"(msr), "a"(static_cast<u32>(v)), "d"(static_cast<u32>(v >> 32)) : "memory");
}
Result<u64> rdmsr_safe(u32 msr);      // Errno::fault instead of #GP
Status wrmsr_safe(u32 msr, u64 v);

inline u64 read_cr0() { u64 v; asm volatile("mov %%cr0, %0" : "=r"(v)); return v; }
inline u64 read_cr2() { u64 v; asm volatile("mov %%cr2, %0" : "=r"(v)); return v; }
inline u64 read_cr3() { u64 v; asm volatile("mov %%cr3, %0" : "=r"(v)::"memory"); return v; }
inline u64 read_cr4() { u64 v; asm volatile("mov %%cr4, %0" : "=r"(v)); return v; }
inline void write_cr0(u64 v) { asm volatile("mov %0, %%cr0" ::"r"(v) : "memory"); }
inline void write_cr2(u64 v) { asm volatile("mov %0, %%cr2" ::"r"(v) : "memory"); }
inline void write_cr3(u64 v) { asm volatile("mov %0, %%cr3" ::"r"(v) : "memory"); }
inline void write_cr4(u64 v) { asm volatile("mov %0, %%cr4" ::"r"(v) : "memory"); }
inline void invlpg(u64 a) { asm volatile("invlpg (%0)" ::"r"(a) : "memory"); }
inline void clts() { asm volatile("clts"); }
// Writes the range back and drops it from every CPU's caches (SDM 2A CLFLUSH; lines of x86-64 are 64 bytes).
inline void flush_lines(const void* start, usize bytes) {
    const u64 end = reinterpret_cast<u64>(start) + bytes;
    asm volatile("mfence" ::: "memory");
    for (u64 a = reinterpret_cast<u64>(start) & ~u64{63}; a < end; a += 64)
        asm volatile("clflush (%0)" ::"r"(a) : "memory");
    asm volatile("mfence" ::: "memory");
}
inline void wbinvd() { asm volatile("wbinvd" ::: "memory"); }

// What was stored is seen by everybody before what follows happens, WRMSR included.
inline void store_fence() { asm volatile("mfence; lfence" ::: "memory"); }

u64 read_dr(unsigned n);              // n: 0..3, 6, 7
void write_dr(unsigned n, u64 v);

inline u8 inb(u16 p) { u8 v; asm volatile("inb %1, %0" : "=a"(v) : "Nd"(p)); return v; }
inline u16 inw(u16 p) { u16 v; asm volatile("inw %1, %0" : "=a"(v) : "Nd"(p)); return v; }
inline u32 inl(u16 p) { u32 v; asm volatile("inl %1, %0" : "=a"(v) : "Nd"(p)); return v; }
inline void outb(u16 p, u8 v) { asm volatile("outb %0, %1" ::"a"(v), "Nd"(p)); }
inline void outw(u16 p, u16 v) { asm volatile("outw %0, %1" ::"a"(v), "Nd"(p)); }
inline void outl(u16 p, u32 v) { asm volatile("outl %0, %1" ::"a"(v), "Nd"(p)); }

}  // namespace xen::arch
