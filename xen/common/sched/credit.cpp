// SPDX-License-Identifier: MIT
// Credit: who runs.
#include "common/sched/credit.hpp"

#include <public/domctl.h>

namespace xen::sched {

namespace {

constexpr s64 kShortestSlice = 200'000;   // ns; no decision is asked for sooner

}  // namespace

Result<SchedPolicy*> Credit::create(PolicyHost& host) {
    Box<Credit> c = TRY(Box<Credit>::create(host));
    return static_cast<SchedPolicy*>(c.leak());
}

u32 Credit::id() const { return XEN_SCHEDULER_CREDIT; }

void Credit::destroy() {
    for (CreditCpu* c : cpus_) Box<CreditCpu>::adopt(c).reset();
    Box<Credit>::adopt(this).reset();
}

Status Credit::add_cpu(CpuId cpu) {
    if (!cpus_[cpu.raw()]) {
        Box<CreditCpu> c = TRY(Box<CreditCpu>::create());
        c->id = cpu;
        cpus_[cpu.raw()] = c.leak();
    }
    idle_.atomic_set(cpu.raw());
    members_.atomic_set(cpu.raw());
    cpu_count_.fetch_add(1, std::memory_order_relaxed);
    return {};
}

void Credit::remove_cpu(CpuId cpu) {
    members_.atomic_clear(cpu.raw());
    idle_.atomic_clear(cpu.raw());
    running_over_.atomic_clear(cpu.raw());
    cpu_count_.fetch_sub(1, std::memory_order_relaxed);
}

Result<PolicyDomain*> Credit::add_domain() {
    Box<CreditDomain> d = TRY(Box<CreditDomain>::create());
    Guard g{lock_};
    domains_.push_back(*d);
    return static_cast<PolicyDomain*>(d.leak());
}

void Credit::remove_domain(PolicyDomain* d) {
    Box<CreditDomain> domain = Box<CreditDomain>::adopt(static_cast<CreditDomain*>(d));
    Guard g{lock_};
    domains_.erase(domains_.iterator_to(*domain));
}

Result<PolicyUnit*> Credit::make_unit(PolicyDomain* pd) {
    Box<CreditUnit> u = TRY(Box<CreditUnit>::create());
    u->domain = static_cast<CreditDomain*>(pd);
    u->credit = slice() / 2;
    u->budget = slice() * u->domain->cap_now() / 100;
    return static_cast<PolicyUnit*>(u.leak());
}

void Credit::free_unit(PolicyUnit* u) { Box<CreditUnit>::adopt(static_cast<CreditUnit*>(u)).reset(); }

void Credit::insert_unit(Entity& e, PolicyDomain* d, PolicyUnit* pu) {
    Guard g{lock_};
    auto& u = *static_cast<CreditUnit*>(pu);
    u.entity = &e;
    u.domain->units.push_back(u);
    e.policy_domain = d;
    e.policy_unit = pu;
}

PolicyUnit* Credit::remove_unit(Entity& e) {
    Guard g{lock_};
    CreditUnit& u = unit_of(e);
    u.domain->units.erase(u.domain->units.iterator_to(u));
    return std::exchange(e.policy_unit, nullptr);
}

// An idle CPU that it prefers, an idle one, or the one with the fewest waiting; its present one when equal.
CpuId Credit::place(const Entity& e) {
    usize home = e.home().raw();
    for (const CpuMask* want : {e.has_preferred ? &e.preferred : &e.allowed, &e.allowed}) {
        CpuMask idle = idle_.snapshot() & *want;
        if (idle.test(home)) return e.home();
        usize cpu = idle.next();
        if (cpu < kMaxCpus) return CpuId{static_cast<u32>(cpu)};
    }
    const CpuMask& among = e.has_preferred ? e.preferred : e.allowed;
    usize best = among.test(home) ? home : among.next();
    for (usize cpu : among & members_.snapshot())
        if (cpus_[cpu]->waiting.load(std::memory_order_relaxed) < cpus_[best]->waiting.load(std::memory_order_relaxed))
            best = cpu;
    return CpuId{static_cast<u32>(best)};
}

void Credit::wake(Entity& e, Nanos now) {
    CreditUnit& u = unit_of(e);
    CreditCpu& c = home_of(u);
    u.awake = true;
    request_accounting();
    if (u.parked) return;
    u.rank = u.credit > 0 ? Rank::boost : Rank::over;
    enqueue(c, u);
    announce(c, u, now);
}

void Credit::sleep(Entity& e) {
    CreditUnit& u = unit_of(e);
    u.awake = false;
    if (u.queued) dequeue(home_of(u), u);
}

bool Credit::yield(Entity& e) {
    CreditUnit& u = unit_of(e);
    u.yielding = home_of(u).waiting.load(std::memory_order_relaxed) != 0;
    return u.yielding;
}

// Its preferred CPUs are elsewhere, and one of them is idle.
bool Credit::wants_elsewhere(const CreditCpu& c, const CreditUnit& u) const {
    const Entity& e = *u.entity;
    return e.has_preferred && !e.preferred.test(c.id.raw()) && idle_.snapshot().intersects(e.preferred);
}

bool Credit::better_waits(const CreditCpu& c, const CreditUnit& u) {
    if (u.rank == Rank::over) return c.waiting_with_credit != 0;
    return u.rank == Rank::under && !c.queue[0].empty();
}

// Whether the running unit simply keeps the CPU: nobody better waits, or it has had it for too short a time.
bool Credit::goes_on(CreditCpu& c, const CreditUnit& u, Nanos now) const {
    if (u.parked || u.yielding || wants_elsewhere(c, u)) return false;
    if (c.waiting.load(std::memory_order_relaxed) == 0)
        return u.rank != Rank::over || cpu_count_.load(std::memory_order_relaxed) == 1 || waiting_with_credit_.snapshot().empty();
    if (now - c.started < ratelimit_.load(std::memory_order_relaxed)) return true;
    if (now >= c.until) return false;
    return !better_waits(c, u);
}

[[gnu::always_inline]] inline s64 Credit::slice_of(const CreditUnit& u) const {
    s64 n = slice();
    if (u.rank == Rank::boost) n /= 3;
    if (u.rank != Rank::over && u.credit < n) n = u.credit;
    if (u.domain->cap_now() && u.budget < n) n = u.budget;
    return n < kShortestSlice ? kShortestSlice : n;
}

// prev leaves the CPU: it waits here again, or is asleep, or parked. True when it should go to another CPU.
[[gnu::always_inline]] inline bool Credit::retire(CreditCpu& c, CreditUnit& prev, bool runnable, Nanos now) {
    prev.last_ran = now;
    if (!runnable || wants_elsewhere(c, prev)) {
        prev.awake = false;
        return runnable;
    }
    if (prev.parked) return false;
    prev.rank = rank_of(prev);
    enqueue(c, prev);
    return false;
}

// The best unit for this CPU: its own queue, or what other CPUs could not run yet.
[[gnu::always_inline]] inline CreditUnit* Credit::choose(CreditCpu& c, Nanos now) {
    CreditUnit* mine = best_waiting(c);
    bool retry = false;
    if (cpu_count_.load(std::memory_order_relaxed) > 1 && (!mine || mine->rank == Rank::over)) {
        if (!mine) idle_.atomic_set(c.id.raw());   // before looking: whoever queues from now on tells us
        CreditUnit* other = steal(c, mine ? Rank::under : Rank::over, now, retry);
        if (other) return other;
    }
    if (mine) dequeue(c, *mine);
    else if (retry) host_.reschedule(c.id);
    return mine;
}

// Gives the CPU to u, or lets it be idle.
[[gnu::always_inline]] inline Decision Credit::start(CreditCpu& c, CreditUnit* u, Nanos now) {
    bool same = u && c.running == u;
    set_running(c, u);
    if (!u) {
        idle_.atomic_set(c.id.raw());
        return {};
    }
    if (!same) {
        c.started = now;
        c.charged = now;
    }
    if (!same || now >= c.until) c.until = now + slice_of(*u);
    return {.next = u->entity, .until = c.until};
}

// The running unit keeps the CPU: to the end of its slice, or only until the rate limit lets a better one preempt it.
Decision Credit::go_on(CreditCpu& c, CreditUnit& u, Nanos now) {
    Decision d = start(c, &u, now);
    Nanos limit = c.started + ratelimit_.load(std::memory_order_relaxed);
    if (better_waits(c, u) && limit < d.until) d.until = limit;
    return d;
}

Decision Credit::pick(CpuId cpu, Entity* prev_entity, bool runnable, Nanos now) {
    CreditCpu& c = at(cpu);
    CreditUnit* prev = prev_entity ? &unit_of(*prev_entity) : nullptr;
    CreditUnit* next = nullptr;
    bool move_prev = false;
    if (prev) {
        charge(c, *prev, now);
        if (prev->rank != Rank::over && prev->credit <= 0) prev->rank = Rank::over;
        if (runnable && goes_on(c, *prev, now)) return go_on(c, *prev, now);
        if (std::exchange(prev->yielding, false)) next = best_waiting(c);   // before prev waits there, too
        if (next) dequeue(c, *next);
        move_prev = retire(c, *prev, runnable, now);
    }
    if (!next) next = choose(c, now);
    if (next && next == prev) c.until = now;   // a new slice
    Decision d = start(c, next, now);
    d.move_prev = move_prev;
    if (prev && prev->queued) announce(c, *prev, now);
    return d;
}

}  // namespace xen::sched
