// SPDX-License-Identifier: MIT
// The scheduling point: the schedule softirq asks the policy who runs and switches to it.
#include <xen/arch_vcpu.hpp>
#include <xen/event.hpp>
#include <xen/sched.hpp>
#include <xen/softirq.hpp>
#include <xen/time.hpp>

#include "common/sched/unit.hpp"

namespace xen::sched {

constinit std::array<Cpu*, kMaxCpus> cpus{};

namespace {

// A timer that is set too early is left alone: it finds out and sets itself anew. So most switches touch no timer.
void arm(Cpu& c) REQUIRES(c.lock) {
    if (c.until == Nanos{0} || (c.timer_at != Nanos{0} && c.timer_at <= c.until)) return;
    c.timer_at = c.until;
    c.slice_timer.set(c.until);
}

void slice_over(void* cpu) {
    Cpu& c = *static_cast<Cpu*>(cpu);
    Guard g{c.lock};
    c.timer_at = Nanos{0};
    if (c.until == Nanos{0}) return;
    if (time::now() >= c.until) softirq::raise(softirq::Kind::schedule);
    else arm(c);
}

// The unit starts on this CPU after it last ran on another.
void arrive(Unit& u, CpuId cpu) {
    u.vcpu->processor.store(cpu, std::memory_order_relaxed);
    if (u.vcpu->is_idle()) return;
    follow_cpu(u, cpu);
    event::migrate_pirqs(*u.vcpu);
}

void switch_to(Cpu& c, Unit& prev, Unit& next, bool prev_leaves, Nanos now) {
    if (prev.period.load(std::memory_order_relaxed)) prev.periodic.stop();
    if (prev.vcpu->runstate_area) write_runstate(*prev.vcpu);
    arch::irq_disable();
    arch::context_switch(*prev.vcpu, *next.vcpu);
    prev.on_cpu.store(false, std::memory_order_release);
    arch::irq_enable();
    if (prev_leaves) finish_move(prev);
    if (next.vcpu->processor.load(std::memory_order_relaxed) != c.id) arrive(next, c.id);
    if (&next == c.idle) return;
    if (next.told_generation != time::generation()) [[unlikely]] update_time(*next.vcpu);
    if (next.vcpu->runstate_area) write_runstate(*next.vcpu);
    if (next.period.load(std::memory_order_relaxed)) tick(next, now);
}

void schedule() NO_THREAD_SAFETY_ANALYSIS {   // the lock is released before the switch
    Cpu& c = this_cpu();
    Unit& prev = *c.current;
    bool prev_idle = &prev == c.idle;
    arch::irq_disable();
    c.lock.acquire();
    Nanos now = time::now();
    bool runnable = !prev_idle && !prev.held();
    bool here = runnable && prev.allowed.test(c.id.raw());
    Decision d = c.policy->pick(c.id, prev_idle ? nullptr : &prev, here, now);
    Unit& next = d.next ? *static_cast<Unit*>(d.next) : *c.idle;
    c.until = d.until;
    arm(c);
    if (&prev == &next) {
        if (trace::on(TRC_SCHED)) [[unlikely]] trace_go_on(prev, now, c.until);
        c.lock.release();
        arch::irq_enable();
        return;
    }
    bool leaves = !prev_idle && (d.move_prev || !prev.allowed.test(c.id.raw()));
    if (trace::on(TRC_SCHED_VERBOSE)) [[unlikely]] trace_switch(prev, next, now, c.until);
    enter_state(prev, runnable || prev_idle ? RunState::runnable : idle_state_of(prev), now);
    enter_state(next, RunState::running, now);
    if (leaves) prev.moving.store(true, std::memory_order_relaxed);
    next.on_cpu.store(true, std::memory_order_relaxed);
    c.current = &next;
    c.lock.release();
    arch::irq_enable();
    switch_to(c, prev, next, leaves, now);
}

}  // namespace

void init_core() { softirq::set_handler(softirq::Kind::schedule, schedule); }

void init_slice_timer(Cpu& c) { c.slice_timer.init(slice_over, &c, c.id); }

void limit_slice(Cpu& c, Nanos until) {
    if (c.until != Nanos{0} && c.until <= until) return;
    c.until = until;
    arm(c);
}

void reschedule(CpuId cpu) {
    if (cpu == arch::cpu_id()) softirq::raise(softirq::Kind::schedule);
    else softirq::raise_on(softirq::Kind::schedule, cpu);
}

}  // namespace xen::sched
