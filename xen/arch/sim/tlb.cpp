// SPDX-License-Identifier: MIT
// The flush clock without TLBs: a flush stamps the CPU. Whoever models what TLBs hold is told of each.
#include <xen/tlb.hpp>

#include <asm/cpu.hpp>

#include <array>
#include <atomic>

#include "sim/state.hpp"

namespace xen::tlb {
namespace {

std::atomic<u32> now{1};
std::array<std::atomic<u32>, kMaxCpus> flushed{};

void stamp(CpuId cpu) {
    sim::state().flushes.fetch_add(1, std::memory_order_relaxed);
    flushed[cpu.raw()].store(now.fetch_add(1) + 1);
    if (sim::TlbObserver* o = sim::state().tlb_observer) o->flushed(cpu);
}

}  // namespace

u32 clock() { return now.load(); }

CpuMask needing_flush(const CpuMask& cpus, u32 when) {
    CpuMask due;
    for (usize cpu : cpus)
        if (static_cast<s32>(flushed[cpu].load() - when) <= 0) due.set(cpu);
    return due;
}

void load_root(u64 cr3, Space) {
    arch::write_cr3(cr3);
    flush_local();
}
void switch_root(u64 cr3, Space) { arch::write_cr3(cr3); }
void forget_user_space() {}
void flush_local() { stamp(arch::cpu_id()); }
void flush_local_all() { flush_local(); }
void flush_local_one(u64) { sim::state().flushes.fetch_add(1, std::memory_order_relaxed); }
void flush_mask(const CpuMask& cpus) {
    for (usize cpu : cpus) stamp(CpuId{static_cast<u32>(cpu)});
}
void flush_mask_all(const CpuMask& cpus) { flush_mask(cpus); }
void flush_mask_one(const CpuMask&, u64) { flush_local_one(0); }
void flush_cache(const CpuMask&) {}

}  // namespace xen::tlb
