// SPDX-License-Identifier: MIT
// Calls on other CPUs: one at a time in the whole machine. Whoever waits for its turn serves the call that is under
// way, so that two CPUs with interrupts off never wait for each other.
#include "common/smp/smp.hpp"

#include <atomic>

#include <asm/cpu.hpp>
#include <xen/arch_smp.hpp>
#include <xen/percpu.hpp>

namespace xen::smp {
namespace {

struct Call {
    std::atomic<bool> taken{false};
    void (*fn)(void*) = nullptr;
    void* data = nullptr;
    CpuMask waiting{};     // bits cleared by the CPUs that are done
    std::atomic<u32> left{0};
};
constinit Call call;
XEN_PERCPU constinit PerCpu<bool> waits{};

void take_turn() {
    while (call.taken.exchange(true, std::memory_order_acquire)) {
        u64 flags = arch::irq_save();
        serve_call();
        arch::irq_restore(flags);
        arch::relax();
    }
}

void end_turn() { call.taken.store(false, std::memory_order_release); }

void run_here(void (*fn)(void*), void* data) {
    u64 flags = arch::irq_save();
    fn(data);
    arch::irq_restore(flags);
}

}  // namespace

void serve_call() {
    usize me = arch::cpu_id().raw();
    if (!call.waiting.atomic_test(me)) return;
    call.fn(call.data);
    call.waiting.atomic_clear(me);
    call.left.fetch_sub(1, std::memory_order_release);
}

void call_by_ipi(const CpuMask& cpus, void (*fn)(void*), void* data) {
    usize me = arch::cpu_id().raw();
    CpuMask others = cpus;
    others.clear(me);
    if (!others.intersects(cpu_online)) {
        if (cpus.test(me)) run_here(fn, data);
        return;
    }
    waits.local() = true;
    take_turn();
    others = others & cpu_online;   // a CPU goes off in its own turn
    call.fn = fn;
    call.data = data;
    call.left.store(static_cast<u32>(others.count()), std::memory_order_relaxed);
    for (usize w = 0; w < CpuMask::kWords; ++w)
        if (others.word(w)) call.waiting.atomic_or_word(w, others.word(w));
    arch::send_call(others);
    if (cpus.test(me)) run_here(fn, data);
    while (call.left.load(std::memory_order_acquire)) arch::relax();
    waits.local() = false;
    end_turn();
}

bool waits_in_call() { return waits.local(); }

void leave_calls() {
    take_turn();
    cpu_online.atomic_clear(arch::cpu_id().raw());
    end_turn();
}

}  // namespace xen::smp
