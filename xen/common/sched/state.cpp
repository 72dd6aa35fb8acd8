// SPDX-License-Identifier: MIT
// Run states: blocking, waking, pausing, and their accounting.
#include <xen/arch_vcpu.hpp>
#include <xen/event.hpp>
#include <xen/sched.hpp>
#include <xen/smp.hpp>
#include <xen/softirq.hpp>
#include <xen/time.hpp>

#include "common/sched/unit.hpp"

namespace xen::sched {

// Off its CPU, and no mover is about to put it elsewhere.
void wait_off_cpu(const Unit& u) {
    if (u.vcpu == arch::current_vcpu()) return;
    while (u.on_cpu.load(std::memory_order_acquire) || u.moving.load(std::memory_order_acquire)) arch::relax();
    arch::sync_vcpu(*u.vcpu);
}

namespace {

// `hold` went to zero. In line: waking is the most frequent thing that happens to a vCPU.
[[gnu::always_inline]] inline void make_runnable(Unit& u) {
    HomeGuard g{u};
    // Awake: it was blocked and woken before it left its CPU.
    trace_vcpu(TRC_SCHED_WAKE, u);
    if (u.held() || u.moving.load(std::memory_order_relaxed) || u.awake()) return;
    Nanos now = time::now();
    enter_state(u, RunState::runnable, now);
    g.cpu().policy->wake(u, now);
}

// `hold` is not zero any more.
void make_held(Unit& u) {
    HomeGuard g{u};
    trace_vcpu(TRC_SCHED_SLEEP, u);
    if (!u.held()) return;
    if (g.cpu().current == &u) {
        reschedule(g.cpu().id);
        return;
    }
    if (u.moving.load(std::memory_order_relaxed)) return;
    if (u.awake()) g.cpu().policy->sleep(u);
    enter_state(u, idle_state_of(u), time::now());
}

// Still held, for another reason: blocked or offline may have changed.
void still_held(Unit& u) {
    HomeGuard g{u};
    if (u.held() && !u.awake() && !u.moving.load(std::memory_order_relaxed))
        enter_state(u, idle_state_of(u), time::now());
}

[[gnu::always_inline]] inline void drop(Unit& u, u32 flag) {
    u32 old = u.hold.fetch_and(~flag, std::memory_order_seq_cst);
    if (old == flag) make_runnable(u);
    else if (old & flag) still_held(u);
}

}  // namespace

void wake(Vcpu& v) {
    Unit& u = unit(v);
    std::atomic_thread_fence(std::memory_order_seq_cst);   // after the event's flag; pairs with block()
    if (!(u.hold.load(std::memory_order_relaxed) & kBlocked)) return;
    if (u.poll_port.load(std::memory_order_relaxed) != kPollNone) end_poll(u);
    drop(u, kBlocked);
}

// A CPU in guest mode enters the hypervisor and looks at the vCPU's events on its way back.
void kick(Vcpu& v) {
    Unit& u = unit(v);
    if (&v == arch::current_vcpu() || !u.on_cpu.load(std::memory_order_acquire)) return;
    CpuId cpu = v.processor.load(std::memory_order_relaxed);
    if (cpu != arch::cpu_id()) smp::send_event_check(cpu);
}

namespace {

[[gnu::noinline]] void wake_and_kick(Vcpu& v) {
    wake(v);
    kick(v);
}

}  // namespace

void notify(Vcpu& v) {
    if (&v == arch::current_vcpu() && !(unit(v).hold.load(std::memory_order_seq_cst) & kBlocked)) [[likely]] return;
    wake_and_kick(v);
}

void block() {
    Vcpu& v = current();
    Unit& u = unit(v);
    u.hold.fetch_or(kBlocked, std::memory_order_seq_cst);
    if (event::upcall_due(v)) u.hold.fetch_and(~kBlocked, std::memory_order_relaxed);
    else {
        trace_vcpu(TRC_SCHED_BLOCK, u);
        softirq::raise(softirq::Kind::schedule);
    }
}

void yield() {
    trace_vcpu(TRC_SCHED_YIELD, unit(current()));
    if (this_cpu().policy->yield(unit(current()))) softirq::raise(softirq::Kind::schedule);
}

void pause_nosync(Vcpu& v) {
    Unit& u = unit(v);
    if (u.hold.fetch_add(kPauseOne, std::memory_order_seq_cst) == 0) make_held(u);
}

void pause(Vcpu& v) {
    pause_nosync(v);
    wait_off_cpu(unit(v));
}

void unpause(Vcpu& v) {
    Unit& u = unit(v);
    if (u.hold.fetch_sub(kPauseOne, std::memory_order_seq_cst) == kPauseOne) make_runnable(u);
}

void set_down(Vcpu& v, bool down) {
    Unit& u = unit(v);
    if (!down) drop(u, kDown);
    else if (u.hold.fetch_or(kDown, std::memory_order_seq_cst) == 0) make_held(u);
}

bool is_down(const Vcpu& v) { return unit(v).hold.load(std::memory_order_acquire) & kDown; }
bool is_running(const Vcpu& v) { return unit(v).on_cpu.load(std::memory_order_acquire); }
bool is_blocked(const Vcpu& v) { return unit(v).hold.load(std::memory_order_seq_cst) & kBlocked; }
bool is_runnable(const Vcpu& v) { return !unit(v).held(); }

vcpu_runstate_info runstate(const Vcpu& v) {
    const Unit& u = unit(v);
    vcpu_runstate_info r{};
    HomeGuard g{u};
    for (usize i = 0; i < kRunStates; ++i) r.time[i] = static_cast<u64>(u.spent[i]);
    r.state = static_cast<int>(u.state);
    r.state_entry_time = static_cast<u64>(u.since.raw());
    s64 more = time::now() - u.since;
    if (more > 0) r.time[r.state] += static_cast<u64>(more);
    return r;
}

u64 cpu_time_of(const Domain& d) {
    u64 sum = 0;
    for (u32 i = 0; i < d.max_vcpus; ++i)
        if (const Vcpu* v = d.vcpus[i]) sum += runstate(*v).time[RUNSTATE_running];
    return sum;
}

Nanos idle_time_of(CpuId cpu) {
    if (cpu.raw() >= kMaxCpus || !cpus[cpu.raw()]) return Nanos{0};
    return Nanos{static_cast<s64>(runstate(*cpu_of(cpu).idle->vcpu).time[RUNSTATE_running])};
}

CpuId processor_of(const Vcpu& v) { return unit(v).home(); }

}  // namespace xen::sched
