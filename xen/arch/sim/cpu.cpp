// SPDX-License-Identifier: MIT
#include <asm/cpu.hpp>

#include <sched.h>
#include <xen/config/nr_cpus.hpp>

#include <array>
#include <atomic>

#include "sim/state.hpp"

namespace xen::arch {

namespace {
// Before the machine starts there is one CPU on the template of the per-CPU data itself.
CpuBlock before_start{};
}  // namespace

thread_local CpuBlock* this_cpu_block = &before_start;
sptr percpu_offsets[config::nr_cpus];

namespace {

struct Registers {
    bool irqs = false;
    std::array<u64, 9> cr{0x80050033, 0, 0, 0, 0x3406e0, 0, 0, 0, 0};
    std::array<u64, 8> dr{};
};
thread_local Registers regs;

}  // namespace

// Who waits makes time pass, else no time-out would ever come.
void relax() {
    sim::state().clock.fetch_add(sim::state().relax_ticks, std::memory_order_relaxed);
    ::sched_yield();
}
u64 read_flags() { return regs.irqs ? 0x202 : 0x2; }
bool irqs_enabled() { return regs.irqs; }
void irq_disable() { regs.irqs = false; }
void irq_enable() { regs.irqs = true; }
u64 irq_save() {
    u64 f = read_flags();
    regs.irqs = false;
    return f;
}
void irq_restore(u64 f) { regs.irqs = f & 0x200; }
void halt_with_irqs() {}

u64 rdtsc() { return sim::state().clock.load(std::memory_order_relaxed); }

// Fam 17h of the tests' QEMU, cut down: enough for policies to have something to mask.
CpuidRegs cpuid(u32 leaf, u32 sub) {
    if (auto own = sim::state().cpuid.find({leaf, sub}); own != sim::state().cpuid.end()) return own->second;
    switch (leaf) {
    case 0: return {0xd, 0x68747541, 0x444d4163, 0x69746e65};
    case 1: return {0x00800f12, 0x00010800, 0x7ed8320b, 0x178bfbff};
    case 7: return sub == 0 ? CpuidRegs{0, 0x009c01a9, 0, 0} : CpuidRegs{};
    case 0xd: return sub == 0 ? CpuidRegs{7, 0x340, 0x340, 0} : sub == 1 ? CpuidRegs{1, 0, 0, 0} : CpuidRegs{0x100, 0x240, 0, 0};
    case 0x80000000: return {0x80000008, 0x68747541, 0x444d4163, 0x69746e65};
    case 0x80000001: return {0x00800f12, 0, 0x000003f7, 0x2fd3fbff};
    case 0x80000008: return {0x3028, 0, 0, 0};
    default: return {};
    }
}

u64 rdmsr(u32 msr) { return sim::state().msr(msr); }
void wrmsr(u32 msr, u64 v) { sim::state().set_msr(msr, v); }
Result<u64> rdmsr_safe(u32 msr) {
    if (!sim::state().has_msr(msr)) return Errno::fault;
    return sim::state().msr(msr);
}
Status wrmsr_safe(u32 msr, u64 v) {
    if (!sim::state().has_msr(msr)) return Errno::fault;
    sim::state().set_msr(msr, v);
    return {};
}
u64 read_cr(unsigned n) { return regs.cr[n]; }
void write_cr(unsigned n, u64 v) { regs.cr[n] = v; }
void invlpg(u64) {}
u64 read_dr(unsigned n) { return regs.dr[n]; }
void write_dr(unsigned n, u64 v) { regs.dr[n] = v; }

// No device answers: reads float high.
u8 inb(u16) {
    sim::state().port_accesses.fetch_add(1, std::memory_order_relaxed);
    return 0xff;
}
u16 inw(u16) {
    sim::state().port_accesses.fetch_add(1, std::memory_order_relaxed);
    return 0xffff;
}
u32 inl(u16) {
    sim::state().port_accesses.fetch_add(1, std::memory_order_relaxed);
    return 0xffffffff;
}
void outb(u16, u8) {}
void outw(u16, u16) {}
void outl(u16, u32) {}

}  // namespace xen::arch
