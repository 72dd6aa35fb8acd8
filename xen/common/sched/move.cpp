// SPDX-License-Identifier: MIT
// Affinity, and moving units between CPUs.
#include <xen/cpupool.hpp>
#include <xen/sched.hpp>
#include <xen/time.hpp>

#include "common/sched/pool.hpp"
#include "common/sched/unit.hpp"

namespace xen::sched {

// ABI: hard affinity decides within the pool, and counts as "all" when it leaves nothing of the pool; soft affinity
// counts only where it is a real choice.
void update_allowed(Unit& u, const CpuMask& pool_cpus) {
    CpuMask allowed = u.hard & pool_cpus;
    u.allowed = allowed.empty() ? pool_cpus : allowed;
    u.preferred = u.soft & u.allowed;
    u.has_preferred = !u.preferred.empty() && u.preferred != u.allowed;
}

void begin_move(Unit& u) {
    if (u.awake()) cpu_of(u.home()).policy->sleep(u);
    u.moving.store(true, std::memory_order_relaxed);
}

void finish_move(Unit& u) {
    SchedPolicy& policy = pool_of(*u.vcpu->domain).policy();
    for (;;) {
        CpuId target;
        {
            HomeGuard g{u};
            target = policy.place(u);
            u.cpu.store(target, std::memory_order_release);
        }
        follow_cpu(u, target);
        HomeGuard g{u};
        if (!u.allowed.test(target.raw())) continue;   // changed meanwhile
        Nanos now = time::now();
        u.moving.store(false, std::memory_order_release);
        if (u.held()) {
            enter_state(u, idle_state_of(u), now);
        } else {
            enter_state(u, RunState::runnable, now);
            policy.wake(u, now);
        }
        return;
    }
}

void apply_affinity(Unit& u) {
    const CpuMask& pool_cpus = pool_of(*u.vcpu->domain).cpus();
    if (pool_cpus.empty()) return;   // only dying domains are left
    {
        HomeGuard g{u};
        update_allowed(u, pool_cpus);
        if (u.moving.load(std::memory_order_relaxed)) return;   // the mover looks again
        if (g.cpu().current == &u || u.on_cpu.load(std::memory_order_acquire)) {
            // It goes where it should at its next scheduling point.
            if (!u.allowed.test(g.cpu().id.raw()) || u.has_preferred) reschedule(g.cpu().id);
            return;
        }
        if (u.allowed.test(g.cpu().id.raw())) return;
        begin_move(u);
    }
    finish_move(u);
}

const CpuMask& hard_affinity(const Vcpu& v) { return unit(v).hard; }
const CpuMask& soft_affinity(const Vcpu& v) { return unit(v).soft; }

namespace {

void change_hard(Unit& u, const CpuMask& m) {
    HomeGuard g{u};
    u.hard = m;
}

}  // namespace

Status set_hard_affinity(Vcpu& v, const CpuMask& m) {
    Unit& u = unit(v);
    Guard g{pool_lock};
    if ((m & pool_of(*v.domain).cpus()).empty()) return Errno::inval;
    if (u.pinned) return Errno::busy;   // SCHEDOP_pin_override goes first
    change_hard(u, m);
    apply_affinity(u);
    return {};
}

Status set_soft_affinity(Vcpu& v, const CpuMask& m) {
    Unit& u = unit(v);
    Guard g{pool_lock};
    {
        HomeGuard home{u};
        u.soft = m;
    }
    apply_affinity(u);
    return {};
}

// SCHEDOP_pin_override: a negative CPU takes the override back.
Status pin_override(Vcpu& v, s32 cpu) {
    Unit& u = unit(v);
    Guard g{pool_lock};
    if (cpu < 0) {
        if (!u.pinned) return Errno::inval;
        u.pinned = false;
        change_hard(u, u.unpinned);
    } else {
        CpuId id{static_cast<u32>(cpu)};
        if (id.raw() >= kMaxCpus || !pool_of(*v.domain).cpus().test(id.raw())) return Errno::inval;
        if (u.pinned) return Errno::busy;
        u.pinned = true;
        u.unpinned = u.hard;
        change_hard(u, mask_of(id));
    }
    apply_affinity(u);
    return {};
}

}  // namespace xen::sched
