// SPDX-License-Identifier: MIT
#include <xen/softirq.hpp>

#include <bit>

#include <asm/cpu.hpp>
#include <xen/rcu.hpp>
#include <xen/smp.hpp>

namespace xen::softirq {
namespace {

constexpr auto kKinds = static_cast<usize>(Kind::count);
Handler handlers[kKinds];

constexpr u32 bit(Kind k) { return u32{1} << static_cast<u32>(k); }

}  // namespace

XEN_PERCPU constinit PerCpu<std::atomic<u32>> pending_mask{};

void set_handler(Kind kind, Handler handler) { handlers[static_cast<usize>(kind)] = handler; }

void raise(Kind kind) { pending_mask.local().fetch_or(bit(kind), std::memory_order_release); }

void raise_on(Kind kind, CpuId cpu) {
    u32 before = pending_mask.remote(cpu).fetch_or(bit(kind), std::memory_order_release);
    if (!(before & bit(kind)) && cpu != arch::cpu_id()) smp::send_event_check(cpu);
}

void raise_on(Kind kind, const CpuMask& cpus) {
    for (usize cpu : cpus) raise_on(kind, CpuId{static_cast<u32>(cpu)});
}

// One at a time, the first of the order, so that the scheduler runs with nothing else left.
void process() {
    rcu::quiescent();
    auto& mask = pending_mask.local();
    while (u32 pending = mask.load(std::memory_order_acquire)) {
        auto i = static_cast<usize>(std::countr_zero(pending));
        mask.fetch_and(~(u32{1} << i), std::memory_order_acq_rel);
        if (handlers[i]) handlers[i]();
    }
}

}  // namespace xen::softirq
