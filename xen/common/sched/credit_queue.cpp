// SPDX-License-Identifier: MIT
// Credit: the queues of the CPUs, who is told to look at them, and taking units from other CPUs.
#include "common/sched/credit.hpp"

namespace xen::sched {

// Tells those who look for work that there may be some.
void Credit::hint(CreditCpu& c, u8 kinds) {
    c.hinted |= kinds;
    waiting_.atomic_set(c.id.raw());
    if (kinds & kHintCredit) waiting_with_credit_.atomic_set(c.id.raw());
}

// Its credit changed while it waits or runs.
void Credit::set_rank(CreditCpu& c, CreditUnit& u, Rank rank, Nanos now) {
    if (u.rank == rank) return;
    bool better = rank < u.rank;
    if (u.queued) {
        dequeue(c, u);
        u.rank = rank;
        enqueue(c, u);
        if (better) announce(c, u, now);
        return;
    }
    u.rank = rank;
    if (c.running == &u) set_running(c, &u);
}

void Credit::set_running(CreditCpu& c, CreditUnit* u) {
    c.running = u;
    Rank now = u ? u->rank : Rank::none;
    Rank before = c.running_rank.load(std::memory_order_relaxed);
    if (now == before && u) return;
    c.running_rank.store(now, std::memory_order_relaxed);
    if (u && before == Rank::none) idle_.atomic_clear(c.id.raw());
    if (now == Rank::over) running_over_.atomic_set(c.id.raw());
    else if (before == Rank::over) running_over_.atomic_clear(c.id.raw());
}

// Makes one idle CPU of the set look for work. Its bit goes away so that the next unit finds another CPU.
bool Credit::tell_idle(const CpuMask& among) {
    CpuMask candidates = idle_.snapshot() & among;
    for (usize cpu : candidates) {
        if (!idle_.atomic_clear(cpu)) continue;
        host_.reschedule(CpuId{static_cast<u32>(cpu)});
        return true;
    }
    return false;
}

// Something better waits on c: at once, or when the rate limit allows it.
void Credit::preempt(CreditCpu& c, Nanos now) {
    Nanos allowed = c.started + ratelimit_.load(std::memory_order_relaxed);
    if (c.running && now < allowed) host_.reschedule_by(c.id, allowed);
    else host_.reschedule(c.id);
}

// A unit waits on c: whoever should run it is told. Preference: idle and preferred, its own CPU when that is idle, any
// idle one that is allowed, its own CPU if it runs something worse, another CPU that runs something without credit.
void Credit::announce(CreditCpu& c, const CreditUnit& u, Nanos now) {
    const Entity& e = *u.entity;
    Rank running = c.running_rank.load(std::memory_order_relaxed);
    bool local = u.rank < running;
    if (cpu_count_.load(std::memory_order_relaxed) == 1) {
        if (local) preempt(c, now);
        return;
    }
    std::atomic_thread_fence(std::memory_order_seq_cst);   // pairs with choose(): idle_ first, then waiting_
    bool at_home = !e.has_preferred || e.preferred.test(c.id.raw());
    if (running == Rank::none && at_home) {
        idle_.atomic_clear(c.id.raw());
        host_.reschedule(c.id);
        return;
    }
    if (e.has_preferred && tell_idle(e.preferred)) return;
    if (running == Rank::none) host_.reschedule(c.id);
    else if (tell_idle(e.allowed)) return;
    else if (local) preempt(c, now);
    else if (u.rank == Rank::under || u.rank == Rank::boost) {
        usize cpu = (running_over_.snapshot() & e.allowed).next();
        if (cpu < kMaxCpus) host_.reschedule(CpuId{static_cast<u32>(cpu)});
    }
}

// The first unit waiting on `from` that may run on `to`. Both queues are locked.
CreditUnit* Credit::take(CreditCpu& from, CreditCpu& to, Rank worst, bool preferred, Nanos now, bool& retry) {
    if (from.waiting_with_credit == 0) {
        waiting_with_credit_.atomic_clear(from.id.raw());
        from.hinted &= static_cast<u8>(~kHintCredit);
    }
    if (from.waiting.load(std::memory_order_relaxed) == 0) {
        waiting_.atomic_clear(from.id.raw());
        from.hinted = 0;
    }
    s64 hot = migration_delay_.load(std::memory_order_relaxed);
    for (usize r = 0; r <= index_of(worst); ++r) {
        for (CreditUnit& u : from.queue[r]) {
            const Entity& e = *u.entity;
            if (!e.allowed.test(to.id.raw())) continue;
            if (preferred && e.has_preferred && !e.preferred.test(to.id.raw())) continue;
            if (e.on_cpu.load(std::memory_order_acquire)) {   // its registers are about to be saved there
                retry = true;
                continue;
            }
            if (hot && now - u.last_ran < hot) continue;
            dequeue(from, u);
            u.entity->cpu.store(to.id, std::memory_order_release);
            return &u;
        }
    }
    return nullptr;
}

// Looks through the other CPUs, starting behind this one, first for units that prefer this CPU.
CreditUnit* Credit::steal(CreditCpu& c, Rank worst, Nanos now, bool& retry) {
    const CpuMask& mask = has_credit(worst) ? waiting_with_credit_ : waiting_;
    CpuMask victims = mask.snapshot() & members_.snapshot();
    victims.clear(c.id.raw());
    if (victims.empty()) return nullptr;
    for (bool preferred : {true, false}) {
        usize start = victims.next(c.id.raw() + 1);
        usize cpu = start < kMaxCpus ? start : victims.next();
        for (usize n = victims.count(); n; --n) {
            CpuId from{static_cast<u32>(cpu)};
            if (host_.try_lock(from)) {
                CreditUnit* u = take(at(from), c, worst, preferred, now, retry);
                host_.unlock(from);
                if (u) return u;
            } else {
                retry = true;
            }
            cpu = victims.next(cpu + 1);
            if (cpu >= kMaxCpus) cpu = victims.next();
        }
    }
    return nullptr;
}

}  // namespace xen::sched
