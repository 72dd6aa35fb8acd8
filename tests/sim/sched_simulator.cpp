// SPDX-License-Identifier: MIT
#include "sched_simulator.hpp"

#include <public/domctl.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "common/sched/credit.hpp"

namespace sim {

void broken(const char* what, const Unit& u) {
    std::fprintf(stderr, "scheduler simulation: %s (unit %s)\n", what, u.name.c_str());
    std::abort();
}

struct Machine::Pool final : sched::PolicyHost {
    explicit Pool(Machine& m) : machine{m} {}
    void reschedule(CpuId cpu) override { machine.ask(cpu.raw()); }
    void reschedule_by(CpuId cpu, Nanos when) override {
        machine.at(when.raw(), [this, cpu] { machine.ask(cpu.raw()); });
    }
    bool try_lock(CpuId) override { return machine.random() % 8 != 0; }
    void unlock(CpuId) override {}
    void lock_home(sched::Entity&) override {}
    void unlock_home(sched::Entity&) override {}
    void want_accounting(Nanos delay) override {
        machine.at(machine.now_ + delay.raw(), [this] { policy->account(Nanos{machine.now_}); });
    }
    Machine& machine;
    sched::SchedPolicy* policy = nullptr;
};

Machine::Machine(unsigned cpus, u64 seed) : seed_{seed * 2 + 1}, cpus_(cpus) {
    for (Cpu& c : cpus_) c.pool = ~0u;
}

Machine::~Machine() {
    for (auto& u : units_) {
        if (u->wants_cpu && !u->running) pools_[u->pool]->policy->sleep(*u);
        if (u->running) static_cast<void>(pools_[u->pool]->policy->pick(u->home(), u.get(), false, Nanos{now_}));
    }
    for (auto& u : units_) policy(u->pool).free_unit(policy(u->pool).remove_unit(*u));
    for (auto& d : domains_) pools_[d->pool]->policy->remove_domain(d->policy);
    for (auto& p : pools_) p->policy->destroy();
}

u64 Machine::random() {
    seed_ ^= seed_ << 13;
    seed_ ^= seed_ >> 7;
    seed_ ^= seed_ << 17;
    return seed_ >> 11;
}

s64 Machine::draw(s64 mean, bool random_length) {
    if (!random_length || mean <= 0) return mean;
    return 1 + static_cast<s64>(random() % static_cast<u64>(2 * mean));
}

void Machine::at(s64 time, std::function<void()> fn) { events_.push({time, order_++, std::move(fn)}); }

unsigned Machine::add_pool() {
    pools_.push_back(std::make_unique<Pool>(*this));
    pools_.back()->policy = sched::Credit::create(*pools_.back()).take();
    return static_cast<unsigned>(pools_.size() - 1);
}

sched::SchedPolicy& Machine::policy(unsigned pool) { return *pools_[pool]->policy; }

CpuMask Machine::pool_cpus(unsigned pool) const {
    CpuMask m;
    for (unsigned i = 0; i < cpus_.size(); ++i)
        if (cpus_[i].pool == pool) m.set(i);
    return m;
}

void Machine::apply(Unit& u) {
    CpuMask cpus = pool_cpus(u.pool);
    const Wanted& w = wanted_[static_cast<usize>(
        std::find_if(units_.begin(), units_.end(), [&](auto& p) { return p.get() == &u; }) - units_.begin())];
    u.allowed = (w.hard & cpus).empty() ? cpus : w.hard & cpus;
    u.preferred = w.soft & u.allowed;
    u.has_preferred = !u.preferred.empty() && u.preferred != u.allowed;
    if (u.on_cpu || u.allowed.test(u.home().raw())) {
        if (u.running) ask(u.home().raw());
        return;   // it leaves at the next decision, or when its registers are saved
    }
    if (u.wants_cpu) policy(u.pool).sleep(u);
    u.cpu = policy(u.pool).place(u);
    if (u.wants_cpu) policy(u.pool).wake(u, Nanos{now_});
}

void Machine::add_cpu(unsigned pool, unsigned cpu) {
    if (!policy(pool).add_cpu(CpuId{cpu})) std::abort();
    cpus_[cpu].pool = pool;
    cpus_[cpu].since = now_;
    for (auto& u : units_)
        if (u->pool == pool) apply(*u);
    ask(cpu);
}

void Machine::evacuate_cpu(unsigned cpu) {
    unsigned pool = std::exchange(cpus_[cpu].pool, ~0u);
    for (auto& u : units_)
        if (u->pool == pool) apply(*u);
    cpus_[cpu].leaving = pool;
    ask(cpu);
}

void Machine::remove_evacuated_cpu(unsigned cpu) {
    for (auto& u : units_)
        if (u->home().raw() == cpu && u->pool == cpus_[cpu].leaving) broken("left behind on a removed CPU", *u);
    policy(cpus_[cpu].leaving).remove_cpu(CpuId{cpu});
    cpus_[cpu].leaving = ~0u;
    ++cpus_[cpu].round;
}

Domain& Machine::add_domain(unsigned pool, u16 weight, u16 cap) {
    auto d = std::make_unique<Domain>();
    d->pool = pool;
    d->policy = policy(pool).add_domain().take();
    domains_.push_back(std::move(d));
    set_parameters(*domains_.back(), weight, cap);
    return *domains_.back();
}

void Machine::set_parameters(Domain& d, u16 weight, u16 cap) {
    xen_domctl_scheduler_op op{};
    op.sched_id = XEN_SCHEDULER_CREDIT;
    op.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
    op.u.credit.weight = weight;
    op.u.credit.cap = cap;
    if (!policy(d.pool).parameters(d.policy, op)) std::abort();
}

Unit& Machine::add_unit(Domain& d, std::string name, s64 work, s64 rest_time) {
    auto made = std::make_unique<Unit>();
    Unit& u = *made;
    u.name = std::move(name);
    u.pool = d.pool;
    u.domain = &d;
    u.work = work;
    u.rest = rest_time;
    u.ran_on.resize(cpus_.size());
    u.allowed = pool_cpus(d.pool);
    u.cpu = CpuId{static_cast<u32>(u.allowed.next())};
    policy(d.pool).insert_unit(u, d.policy, policy(d.pool).make_unit(d.policy).take());
    units_.push_back(std::move(made));
    CpuMask all;
    all.set_all();
    wanted_.push_back({all, all});
    at(now_, [this, &u] { wake(u); });
    return u;
}

void Machine::set_affinity(Unit& u, const CpuMask& hard, const CpuMask& soft) {
    for (usize i = 0; i < units_.size(); ++i)
        if (units_[i].get() == &u) wanted_[i] = {hard, soft};
    apply(u);
}

void Machine::wake(Unit& u) {
    u.wants_cpu = true;
    u.left = draw(u.work, u.random);
    u.left_to_yield = u.yield_every;
    u.woken = u.waiting_since = now_;
    u.waits_first_run = true;
    ++u.wakes;
    policy(u.pool).wake(u, Nanos{now_});
}

void Machine::rest(Unit& u) {
    at(now_ + draw(u.rest, u.random), [this, &u] { wake(u); });
}

// A CPU is told to decide again: it does so a moment later, as an interrupt takes a moment.
void Machine::ask(unsigned cpu) {
    if (cpus_[cpu].asked) return;
    cpus_[cpu].asked = true;
    at(now_ + 1000, [this, cpu] { decide(cpu); });
}

void Machine::charge(unsigned n) {
    Cpu& c = cpus_[n];
    s64 spent = now_ - c.since;
    c.since = now_;
    if (Unit* u = c.current) {
        u->ran += spent;
        u->ran_on[n] += spent;
        u->left -= spent;
        u->left_to_yield -= spent;
        return;
    }
    c.idle += spent;
    for (auto& u : units_)
        if (u->pool == c.pool && u->wants_cpu && !u->running && u->allowed.test(n)) {
            c.idle_while_waiting += std::min(spent, now_ - u->waiting_since);
            break;
        }
}

void Machine::leave(Unit& u, unsigned n, bool moves) {
    u.running = false;
    u.waiting_since = now_;
    // Its registers are saved a little after the decision.
    at(now_ + 500, [this, &u, n, moves] {
        if (u.running && u.home().raw() == n) return;   // it came back at once
        u.on_cpu = false;
        if (!moves && u.allowed.test(u.home().raw())) return;
        if (!moves && u.wants_cpu) policy(u.pool).sleep(u);
        u.cpu = policy(u.pool).place(u);
        if (u.wants_cpu) policy(u.pool).wake(u, Nanos{now_});
    });
}

void Machine::note_start(Unit& u, unsigned n) {
    if (u.running) broken("a unit runs on two CPUs", u);
    if (u.on_cpu && u.home().raw() != n) broken("started before its registers were saved", u);
    if (!u.wants_cpu) broken("a sleeping unit was chosen", u);
    if (!u.allowed.test(n)) broken("chosen for a CPU that it may not use", u);
    if (u.home().raw() != n) broken("chosen without being at home", u);
    u.running = true;
    u.on_cpu = true;
    ++u.starts;
    u.longest_wait = std::max(u.longest_wait, now_ - u.waiting_since);
    if (u.waits_first_run) {
        u.waits_first_run = false;
        u.worst_wake = std::max(u.worst_wake, now_ - u.woken);
        u.total_wake += now_ - u.woken;
    }
    if (u.ran && u.ran_on[n] == 0) ++u.moves;
}

void Machine::decide(unsigned n) {
    Cpu& c = cpus_[n];
    c.asked = false;
    unsigned pool = c.pool != ~0u ? c.pool : c.leaving;
    if (pool == ~0u) return;
    charge(n);
    ++c.round;
    ++decisions;
    Unit* prev = c.current;
    bool done = prev && prev->work && prev->left <= 0;
    if (done) prev->wants_cpu = false;
    if (prev && prev->yield_every && prev->left_to_yield <= 0) {
        prev->left_to_yield = prev->yield_every;
        static_cast<void>(policy(pool).yield(*prev));
    }
    bool here = prev && !done && prev->allowed.test(n);
    sched::Decision d = policy(pool).pick(CpuId{n}, prev, here, Nanos{now_});
    Unit* next = static_cast<Unit*>(d.next);
    if (prev && prev != next) leave(*prev, n, d.move_prev || !prev->allowed.test(n));
    if (next && next != prev) note_start(*next, n);
    c.current = next;
    c.until = d.until.raw();
    if (done) rest(*prev);
    plan(n);
}

// The next moment at which the CPU has to decide by itself.
void Machine::plan(unsigned n) {
    Cpu& c = cpus_[n];
    if (!c.current) return;
    s64 next = c.until > now_ ? c.until : now_ + 1000;
    if (c.current->work) next = std::min(next, now_ + std::max<s64>(c.current->left, 0));
    if (c.current->yield_every) next = std::min(next, now_ + std::max<s64>(c.current->left_to_yield, 0));
    u64 round = c.round;
    at(next, [this, n, round] {
        if (cpus_[n].round == round) decide(n);
    });
}

void Machine::run_for(s64 ns) {
    s64 end = now_ + ns;
    while (!events_.empty() && events_.top().at <= end) {
        Event e = events_.top();
        events_.pop();
        now_ = e.at;
        e.fn();
    }
    now_ = end;
    for (unsigned n = 0; n < cpus_.size(); ++n)
        if (cpus_[n].pool != ~0u) charge(n);
    for (auto& u : units_)
        if (u->wants_cpu && !u->running) u->longest_wait = std::max(u->longest_wait, now_ - u->waiting_since);
}

void Machine::reset_statistics() {
    reset_at_ = now_;
    decisions = 0;
    for (auto& u : units_) {
        u->ran = u->longest_wait = u->worst_wake = u->total_wake = 0;
        u->wakes = u->starts = u->moves = 0;
        std::fill(u->ran_on.begin(), u->ran_on.end(), 0);
        u->waiting_since = now_;
    }
    for (Cpu& c : cpus_) c.idle = c.idle_while_waiting = 0;
}

double Machine::share(const Unit& u) const {
    return static_cast<double>(u.ran) / static_cast<double>(now_ - reset_at_);
}

double Machine::share(const Domain& d) const {
    double sum = 0;
    for (auto& u : units_)
        if (u->domain == &d) sum += share(*u);
    return sum;
}

}  // namespace sim
