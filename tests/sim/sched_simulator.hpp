// SPDX-License-Identifier: MIT
// A discrete-event simulator around a scheduling policy: CPUs, units that compute and sleep in a fixed or random
// rhythm, and a clock that jumps from event to event. It is the PolicyHost, and checks on every decision what no policy
// may break: a unit runs on one CPU at a time, only where it is allowed, and only while it wants to.
//
// One Machine may hold several policies (pools) with CPUs of their own. Everything is deterministic: the same seed
// gives the same run. try_lock fails now and then, registers stay on a CPU for a moment after a switch: as in reality.
#pragma once

#include <functional>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "common/sched/policy.hpp"

namespace sim {

using namespace xen;

struct Domain {
    sched::PolicyDomain* policy = nullptr;
    unsigned pool = 0;
};

struct Unit : sched::Entity {
    std::string name;
    unsigned pool = 0;
    Domain* domain = nullptr;
    // Rhythm: compute for `work`, sleep for `rest`, both in ns; no work: compute for ever. Random: up to twice that.
    s64 work = 0, rest = 0;
    bool random = false;
    s64 yield_every = 0;
    // State.
    bool wants_cpu = false;
    bool running = false;
    s64 left = 0;            // of the present work
    s64 left_to_yield = 0;
    s64 woken = 0;
    bool waits_first_run = false;
    // What came of it.
    s64 ran = 0, longest_wait = 0, worst_wake = 0, total_wake = 0, waiting_since = 0;
    u64 wakes = 0, starts = 0, moves = 0;
    std::vector<s64> ran_on;
};

struct Cpu {
    unsigned pool = 0;
    unsigned leaving = ~0u;   // the pool that it is being taken from
    Unit* current = nullptr;
    s64 since = 0;          // current has been charged up to here
    s64 until = 0;
    u64 round = 0;          // invalidates events of earlier decisions
    bool asked = false;
    s64 idle = 0;
    s64 idle_while_waiting = 0;
};

class Machine {
public:
    explicit Machine(unsigned cpus, u64 seed = 1);
    ~Machine();
    Machine(const Machine&) = delete;

    unsigned add_pool();                                          // credit
    void add_cpu(unsigned pool, unsigned cpu);
    void evacuate_cpu(unsigned cpu);                              // its pool must have another one
    void remove_evacuated_cpu(unsigned cpu);                      // some time later
    Domain& add_domain(unsigned pool, u16 weight = 256, u16 cap = 0);
    Unit& add_unit(Domain& d, std::string name, s64 work = 0, s64 rest = 0);
    void set_affinity(Unit& u, const CpuMask& hard, const CpuMask& soft);
    void set_parameters(Domain& d, u16 weight, u16 cap);
    sched::SchedPolicy& policy(unsigned pool);

    void run_for(s64 ns);
    void reset_statistics();
    s64 now() const { return now_; }
    double share(const Unit& u) const;       // of one CPU, since the statistics were reset
    double share(const Domain& d) const;
    Cpu& cpu(unsigned n) { return cpus_[n]; }
    std::vector<std::unique_ptr<Unit>>& units() { return units_; }
    u64 decisions = 0;

private:
    struct Pool;
    struct Event {
        s64 at;
        u64 order;
        std::function<void()> fn;
        bool operator<(const Event& o) const { return at != o.at ? at > o.at : order > o.order; }
    };
    void at(s64 time, std::function<void()> fn);
    void ask(unsigned cpu);
    void decide(unsigned cpu);
    void charge(unsigned cpu);
    void leave(Unit& u, unsigned cpu, bool moves);
    void wake(Unit& u);
    void note_start(Unit& u, unsigned cpu);
    void plan(unsigned cpu);
    void rest(Unit& u);
    s64 draw(s64 mean, bool random);
    u64 random();
    CpuMask pool_cpus(unsigned pool) const;
    void apply(Unit& u);

    s64 now_ = 0, reset_at_ = 0;
    u64 order_ = 0, seed_;
    std::priority_queue<Event> events_;
    std::vector<Cpu> cpus_;
    std::vector<std::unique_ptr<Pool>> pools_;
    std::vector<std::unique_ptr<Domain>> domains_;
    std::vector<std::unique_ptr<Unit>> units_;
    struct Wanted {
        CpuMask hard, soft;
    };
    std::vector<Wanted> wanted_;
};

[[noreturn]] void broken(const char* what, const Unit& u);

}  // namespace sim
