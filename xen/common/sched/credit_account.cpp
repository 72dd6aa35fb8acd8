// SPDX-License-Identifier: MIT
// Credit: once in every period the pool's time is divided among the domains by weight, and caps are renewed.
#include "common/sched/credit.hpp"

#include <public/domctl.h>
#include <public/sysctl.h>

namespace xen::sched {

namespace {

constexpr unsigned kRounds = 16;   // of redistributing what satisfied domains leave

constexpr unsigned kLevelShift = 16, kLevelSteps = 40;   // of looking for the level in raise()

// What a level means for each unit of the domain.
s64 bonus_at(const CreditDomain& d, s64 level) { return d.weight_now() * level >> kLevelShift; }

s64 clamp(s64 v, s64 low, s64 high) { return v < low ? low : v > high ? high : v; }

// What one active unit of the domain could use of a period at most.
s64 peak_of(const CreditDomain& d, s64 period) {
    s64 cap = d.cap_now();
    if (!cap) return period;
    s64 capped = period * cap / 100 / d.active;
    return capped < period ? capped : period;
}

}  // namespace

// Charges what runs and finds out who takes part: whoever wanted a CPU, or has debts.
void Credit::settle(CreditDomain& d, Nanos now) {
    d.active = 0;
    for (CreditUnit& u : d.units) {
        host_.lock_home(*u.entity);
        CreditCpu& c = home_of(u);
        if (c.running == &u) charge(c, u, now);
        u.active = u.awake || u.ran || u.credit <= 0;
        u.ran = false;
        u.settled = u.credit;
        u.hungry = u.awake && !d.cap_now();
        host_.unlock_home(*u.entity);
        d.active += u.active;
    }
}

// Sets each domain's share of a unit: by weight, but no more than it can use; the rest goes to the others.
void Credit::divide(s64 capacity, s64 period) {
    for (CreditDomain& d : domains_) d.settled = d.active == 0;
    for (unsigned round = 0; round < kRounds; ++round) {
        s64 weights = 0, left = capacity;
        for (const CreditDomain& d : domains_) {
            if (!d.settled) weights += d.weight_now() * d.active;
            else if (d.active) left -= d.share * d.active;
        }
        if (!weights) return;
        if (left < 0) left = 0;
        bool again = false;
        for (CreditDomain& d : domains_) {
            if (d.settled) continue;
            d.share = left * d.weight_now() / weights;
            s64 peak = peak_of(d, period);
            if (d.share < peak) continue;
            d.share = peak;
            d.settled = again = true;
        }
        if (!again) return;
    }
}

// For how long the units that want a CPU have credit in all, once they have earned and the level is added.
s64 Credit::covered(s64 level) {
    s64 sum = 0;
    for (const CreditDomain& d : domains_) {
        s64 more = d.share + bonus_at(d, level);
        for (const CreditUnit& u : d.units)
            if (u.hungry) sum += clamp(u.settled + more, 0, slice());
    }
    return sum;
}

// Who sleeps a lot cannot keep all that it earns, and what it loses nobody else has: by and by all the others would have
// debts, be equal in that, and who takes more than its share would not be found out. So the level of all is raised, by weight,
// until those who want a CPU have credit for the next period. What one has ahead of another stays as it is.
void Credit::raise() {
    s64 wanted = slice() * cpu_count_.load(std::memory_order_relaxed);
    s64 low = 0, high = 0;
    if (covered(0) < wanted) {
        high = (4 * slice()) << kLevelShift;
        for (unsigned i = 0; i < kLevelSteps && high - low > 1; ++i) {
            s64 middle = low + (high - low) / 2;
            (covered(middle) < wanted ? low : high) = middle;
        }
    }
    for (CreditDomain& d : domains_) d.bonus = bonus_at(d, high);
}

void Credit::unpark(CreditCpu& c, CreditUnit& u, Nanos now) {
    u.parked = false;
    if (!u.awake || u.queued || c.running == &u) return;
    u.rank = rank_of(u);
    enqueue(c, u);
    announce(c, u, now);
}

void Credit::pay(const CreditDomain& d, CreditUnit& u, s64 period, Nanos now) {
    host_.lock_home(*u.entity);
    CreditCpu& c = home_of(u);
    if (u.active) {
        s64 most = d.share + period / 2;
        s64 room = slice() - u.credit - d.share;
        s64 bonus = room <= 0 ? 0 : d.bonus < room ? d.bonus : room;
        u.credit = clamp(u.credit + d.share + bonus, -slice(), most > slice() ? most : slice());
    }
    s64 cap = d.cap_now();
    if (cap) {
        s64 sharers = static_cast<s64>(u.active ? d.active : d.units.size());
        s64 renewal = period * cap / 100 / sharers;
        u.budget = u.budget + renewal < renewal ? u.budget + renewal : renewal;
    }
    if (u.parked && (!cap || u.budget > 0)) unpark(c, u, now);
    Rank rank = rank_of(u);
    if (u.rank == Rank::boost && rank == Rank::under) rank = Rank::boost;
    set_rank(c, u, rank, now);
    host_.unlock_home(*u.entity);
}

void Credit::account(Nanos now) {
    Guard g{lock_};
    accounting_.store(false, std::memory_order_seq_cst);   // before looking: who wakes from now on asks again
    s64 period = clamp(now - last_account_, slice() / 4, 2 * slice());
    last_account_ = now;
    u32 active = 0;
    for (CreditDomain& d : domains_) {
        settle(d, now);
        active += d.active;
    }
    divide(period * cpu_count_.load(std::memory_order_relaxed), period);
    raise();
    for (CreditDomain& d : domains_)
        for (CreditUnit& u : d.units) pay(d, u, period, now);
    if (active) request_accounting();
}

void Credit::unpark_all(CreditDomain& d) {
    for (CreditUnit& u : d.units) {
        host_.lock_home(*u.entity);
        if (u.parked) unpark(home_of(u), u, last_account_);
        host_.unlock_home(*u.entity);
    }
}

Status Credit::parameters(PolicyDomain* pd, xen_domctl_scheduler_op& op) {
    auto& d = *static_cast<CreditDomain*>(pd);
    Guard g{lock_};
    switch (op.cmd) {
    case XEN_DOMCTL_SCHEDOP_getinfo:
        op.u.credit.weight = d.weight.load(std::memory_order_relaxed);
        op.u.credit.cap = d.cap.load(std::memory_order_relaxed);
        return {};
    case XEN_DOMCTL_SCHEDOP_putinfo:
        // Zero and all ones mean unchanged (public/domctl.h users: libxl's ~0 and 0 defaults).
        if (op.u.credit.weight != 0) d.weight.store(op.u.credit.weight, std::memory_order_relaxed);
        if (op.u.credit.cap == 0xffff) return {};
        d.cap.store(op.u.credit.cap, std::memory_order_relaxed);
        if (!op.u.credit.cap) unpark_all(d);
        return {};
    default:
        return Errno::inval;   // per-vCPU parameters: this scheduler has none
    }
}

Status Credit::parameters(xen_sysctl_scheduler_op& op) {
    xen_sysctl_credit_schedule& p = op.u.sched_credit;
    if (op.cmd == XEN_SYSCTL_SCHEDOP_putinfo) {
        bool slice_ok = p.tslice_ms >= XEN_SYSCTL_CSCHED_TSLICE_MIN && p.tslice_ms <= XEN_SYSCTL_CSCHED_TSLICE_MAX;
        bool rate_ok = !p.ratelimit_us || (p.ratelimit_us >= XEN_SYSCTL_SCHED_RATELIMIT_MIN &&
                                           p.ratelimit_us <= XEN_SYSCTL_SCHED_RATELIMIT_MAX);
        if (!slice_ok || !rate_ok || u64{p.ratelimit_us} > u64{p.tslice_ms} * 1000 ||
            p.vcpu_migr_delay_us > XEN_SYSCTL_CSCHED_MGR_DLY_MAX_US)
            return Errno::inval;
        slice_.store(millis(p.tslice_ms).raw(), std::memory_order_relaxed);
        ratelimit_.store(micros(p.ratelimit_us).raw(), std::memory_order_relaxed);
        migration_delay_.store(micros(p.vcpu_migr_delay_us).raw(), std::memory_order_relaxed);
    }
    p.tslice_ms = static_cast<u32>(slice() / 1'000'000);
    p.ratelimit_us = static_cast<u32>(ratelimit_.load(std::memory_order_relaxed) / 1000);
    p.vcpu_migr_delay_us = static_cast<u32>(migration_delay_.load(std::memory_order_relaxed) / 1000);
    return {};
}

}  // namespace xen::sched
