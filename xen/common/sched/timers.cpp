// SPDX-License-Identifier: MIT
// A vCPU's timers: single-shot (set_timer_op, VCPUOP_set_singleshot_timer), periodic, and the timeout of SCHEDOP_poll.
#include <xen/event.hpp>
#include <xen/sched.hpp>
#include <xen/time.hpp>

#include "common/sched/unit.hpp"

namespace xen::sched {

namespace {

void send_timer_event(Unit& u) { event::send_vcpu_virq(*u.vcpu, VIRQ_TIMER); }

void singleshot_due(void* data) { send_timer_event(*static_cast<Unit*>(data)); }

void periodic_due(void* data) { tick(*static_cast<Unit*>(data), time::now()); }

void poll_timeout(void* data) {
    Vcpu& v = *static_cast<Unit*>(data)->vcpu;
    wake_poller(v, Port{static_cast<Unit*>(data)->poll_port.load(std::memory_order_relaxed)});
}

}  // namespace

void init_timers(Unit& u, CpuId cpu) {
    u.singleshot.init(singleshot_due, &u, cpu);
    u.periodic.init(periodic_due, &u, cpu);
    u.poll_timer.init(poll_timeout, &u, cpu);
}

void kill_timers(Unit& u) {
    for (Timer* t : {&u.singleshot, &u.periodic, &u.poll_timer}) t->kill();
}

void follow_cpu(Unit& u, CpuId cpu) {
    for (Timer* t : {&u.singleshot, &u.periodic, &u.poll_timer})
        if (t->cpu() != cpu) t->migrate(cpu);
}

// The periodic timer runs only while the vCPU does: time without a CPU gives one event when it is back.
void tick(Unit& u, Nanos now) {
    s64 period = u.period.load(std::memory_order_relaxed);
    if (!period || !u.on_cpu.load(std::memory_order_relaxed)) return;
    Nanos next = u.last_tick + period;
    if (now >= next) {
        send_timer_event(u);
        next = now + period;
        u.last_tick = now;
    }
    u.periodic.set(next);
}

// ABI: a negative timeout, or one more than 2^50 ns ahead, comes from guests whose tick counter wrapped: some have
// work to do at once, others none at all. Both get an event in a tenth of a second.
Result<s64> set_timer_op(s64 timeout) {
    Unit& u = unit(current());
    if (timeout == 0) {
        u.singleshot.stop();
        return 0;
    }
    Nanos now = time::now();
    constexpr s64 kFar = s64{1} << 50;
    bool wrapped = timeout < 0 || timeout - now.raw() >= kFar;
    u.singleshot.set(wrapped ? now + millis(100).raw() : Nanos{timeout});
    return 0;
}

}  // namespace xen::sched
