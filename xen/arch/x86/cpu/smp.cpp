// SPDX-License-Identifier: MIT
// Calls on other CPUs: one at a time in the whole machine. Whoever waits for its turn serves the call that is under
// way, so that two CPUs with interrupts off never wait for each other.
#include <atomic>

#include <asm/cpu.hpp>
#include <asm/interrupt.hpp>
#include <asm/smp.hpp>
#include <asm/vectors.hpp>
#include <xen/apic.hpp>
#include <xen/percpu.hpp>
#include <xen/smp.hpp>

namespace xen {

CpuMask cpu_present, cpu_online;

namespace smp {
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

// Interrupts off.
void serve() {
    usize me = arch::cpu_id().raw();
    if (!call.waiting.atomic_test(me)) return;
    call.fn(call.data);
    call.waiting.atomic_clear(me);
    call.left.fetch_sub(1, std::memory_order_release);
}

void take_turn() {
    while (call.taken.exchange(true, std::memory_order_acquire)) {
        u64 flags = arch::irq_save();
        serve();
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

void call_on(const CpuMask& cpus, void (*fn)(void*), void* data) {
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
    apic::send(others, vectors::kCallFunction);
    if (cpus.test(me)) run_here(fn, data);
    while (call.left.load(std::memory_order_acquire)) arch::relax();
    waits.local() = false;
    end_turn();
}

void send_event_check(CpuId cpu) { apic::send(cpu, vectors::kEventCheck); }
CpuId self() { return arch::cpu_id(); }

}  // namespace smp

namespace arch {

// The event check has done its work by interrupting: the way out looks at softirqs.
void init_smp() {
    irq::set_direct_handler(vectors::kCallFunction, smp::serve);
    irq::set_direct_handler(vectors::kEventCheck, [] {});
}

bool waits_for_others() { return smp::waits.local(); }

void go_offline() {
    smp::take_turn();
    cpu_online.atomic_clear(cpu_id().raw());
    smp::end_turn();
}

}  // namespace arch
}  // namespace xen
