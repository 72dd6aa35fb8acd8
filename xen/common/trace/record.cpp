// SPDX-License-Identifier: MIT
// From a trace point to this CPU's ring.
#include <asm/cpu.hpp>
#include <xen/domain.hpp>
#include <xen/softirq.hpp>
#include <xen/trace.hpp>

#include "common/trace/buffers.hpp"
#include "common/trace/filter.hpp"

namespace xen::trace {
namespace {

u32 name_of(const Vcpu* v) { return v ? u32{v->domain->id.raw()} | v->id.raw() << 16 : 0; }

void write(CpuRing& r, u32 event, const u32* words, unsigned count) {
    if (r.forget.load(std::memory_order_relaxed) && r.forget.exchange(false, std::memory_order_relaxed)) r.ring.forget_lost();
    switch (r.ring.put({event, words, count, arch::read_counter()}, name_of(arch::current_vcpu()))) {
    case Ring::Put::half_full: return softirq::raise(softirq::Kind::trace);
    case Ring::Put::broken: return mask.store(0, std::memory_order_relaxed);   // as when the reader turns it off
    default: return;
    }
}

}  // namespace

void record(u32 event, const u32* words, unsigned count) {
    if (!wanted(mask.load(std::memory_order_relaxed), event)) return;
    u64 flags = arch::irq_save();
    CpuId cpu = arch::cpu_id();
    if (cpu_traced(cpu))
        if (CpuRing* r = ring_of(cpu)) write(*r, event, words, count);
    arch::irq_restore(flags);
}

}  // namespace xen::trace
