// SPDX-License-Identifier: MIT
// The core's private state: a unit for each vCPU, a Cpu for each processor that ever came up, and what a domain has.
//
// A unit belongs to the CPU in Entity::cpu; that CPU's lock guards its run state, affinity and `moving`. `hold` is
// atomic: whoever changes it from or to zero then takes the lock and makes the run state follow. Who is `moving` belongs
// to nobody's queue: wake and sleep leave it alone, the mover looks at `hold` when it arrives.
#pragma once

#include <array>

#include <public/vcpu.h>
#include <xen/domain.hpp>
#include <xen/lock.hpp>
#include <xen/timer.hpp>
#include <xen/trace.hpp>

#include "common/sched/policy.hpp"

namespace xen::sched {

class Pool;

// Reasons not to run, in Unit::hold.
inline constexpr u32 kBlocked = 1, kDown = 2, kPauseOne = 0x100;

inline constexpr u32 kNeverTold = ~0u;
inline constexpr u32 kPollNone = 0, kPollAny = ~0u;

enum class RunState : u8 {
    running = RUNSTATE_running,
    runnable = RUNSTATE_runnable,
    blocked = RUNSTATE_blocked,
    offline = RUNSTATE_offline,
};
inline constexpr usize kRunStates = 4;

struct Unit : Entity {
    Vcpu* vcpu = nullptr;
    std::atomic<u32> hold{kDown};
    RunState state = RunState::offline;
    std::atomic<bool> moving{false};  // written under the home lock
    bool pinned = false;              // SCHEDOP_pin_override is in force; `unpinned` is what it replaced
    Nanos since{0};                   // when it entered the state
    std::array<s64, kRunStates> spent{};
    CpuMask hard{}, soft{}, unpinned{};

    std::atomic<u32> poll_port{kPollNone};
    Timer singleshot, poll_timer, periodic;
    std::atomic<s64> period{0};       // of the periodic timer; 0: off
    Nanos last_tick{0};
    // What the guest was last told about time.
    u32 told_generation = kNeverTold; // time::generation()
    bool areas_due = false;           // a registered area could not be written

    bool awake() const { return state == RunState::running || state == RunState::runnable; }
    bool held() const { return hold.load(std::memory_order_seq_cst) != 0; }
};

inline Unit& unit(const Vcpu& v) { return *v.unit; }

using RunQueueLock = Spinlock<LockRank::run_queue, IrqRule::off>;

struct Cpu {
    RunQueueLock lock;
    CpuId id{};
    Unit* current = nullptr;          // changed by its own CPU only, under the lock
    Unit* idle = nullptr;
    SchedPolicy* policy = nullptr;    // changed when nothing belongs to the CPU, under the lock
    Nanos until{0};                   // end of the current decision; 0: none
    Nanos timer_at{0};                // when slice_timer fires; 0: not set
    Timer slice_timer;
};

extern std::array<Cpu*, kMaxCpus> cpus;
inline Cpu& cpu_of(CpuId id) { return *cpus[id.raw()]; }
inline Cpu& this_cpu() { return cpu_of(arch::cpu_id()); }

inline constexpr u32 kWatchdogs = 2;   // of a domain

struct DomainSched {
    std::atomic<Pool*> pool{nullptr};  // changed under the pool lock
    PolicyDomain* policy_domain = nullptr;
    std::atomic<bool> changing_pool{false};
    Spinlock<LockRank::sched_vcpu> watchdog_lock;
    u32 watchdogs_used GUARDED_BY(watchdog_lock) = 0;
    std::array<Timer, kWatchdogs> watchdogs;
};

// Locks the run queue that the unit belongs to, wherever it is moved meanwhile.
class [[nodiscard]] HomeGuard {
public:
    // Which lock it is, is known at run time only.
    explicit HomeGuard(const Unit& u) NO_THREAD_SAFETY_ANALYSIS : flags_{arch::irq_save()}, cpu_{lock_home(u)} {}
    ~HomeGuard() NO_THREAD_SAFETY_ANALYSIS {
        cpu_.lock.release();
        arch::irq_restore(flags_);
    }
    HomeGuard(const HomeGuard&) = delete;
    HomeGuard& operator=(const HomeGuard&) = delete;
    Cpu& cpu() const { return cpu_; }

private:
    static Cpu& lock_home(const Unit& u) NO_THREAD_SAFETY_ANALYSIS {
        for (;;) {
            Cpu& c = cpu_of(u.cpu.load(std::memory_order_acquire));
            c.lock.acquire();
            if (u.cpu.load(std::memory_order_relaxed) == c.id) [[likely]] return c;
            c.lock.release();
        }
    }
    u64 flags_;
    Cpu& cpu_;
};

inline u32 trace_name(const Unit& u) { return u32{u.vcpu->id.raw()} | u32{u.vcpu->domain->id.raw()} << 16; }
void trace_state(const Unit& u, RunState next);
void trace_switch(const Unit& prev, const Unit& next, Nanos now, Nanos until);   // before their states change
void trace_go_on(const Unit& u, Nanos now, Nanos until);
// An event that names a domain and a vCPU.
inline void trace_vcpu(u32 event, const Unit& u) {
    if (trace::on(event)) [[unlikely]] trace::put(event, u.vcpu->domain->id.raw(), u.vcpu->id.raw());
}

// The home lock is held.
inline void enter_state(Unit& u, RunState s, Nanos now) {
    if (trace::on(TRC_SCHED_MIN)) [[unlikely]] trace_state(u, s);
    s64 spent = now - u.since;
    if (spent > 0) {
        u.spent[static_cast<usize>(u.state)] += spent;
        u.since = now;
    }
    u.state = s;
}
inline RunState idle_state_of(const Unit& u) {
    return u.hold.load(std::memory_order_relaxed) & kBlocked ? RunState::blocked : RunState::offline;
}

void reschedule(CpuId cpu);
void wait_off_cpu(const Unit& u);                 // held by the caller

// core.cpp
void init_core();
void init_slice_timer(Cpu& c);
void limit_slice(Cpu& c, Nanos until) REQUIRES(c.lock);   // its decision ends then, if not before

// move.cpp
void update_allowed(Unit& u, const CpuMask& pool_cpus);   // home lock held
void apply_affinity(Unit& u);                     // pool lock held: its affinity or its pool's CPUs changed
void begin_move(Unit& u);                         // home lock held, not running: takes it off its queue
void finish_move(Unit& u);                        // no run queue locked: places it among its allowed CPUs

// timers.cpp
void init_timers(Unit& u, CpuId cpu);
void kill_timers(Unit& u);
void follow_cpu(Unit& u, CpuId cpu);              // its timers fire there from now on
void tick(Unit& u, Nanos now);                    // periodic timer, while it runs

// areas.cpp
bool tell_time(Vcpu& v);                          // false: it has to be tried again
void write_runstate(Vcpu& v);

// Whatever it polled for, it is awake now.
inline void end_poll(Unit& u) {
    u.poll_port.store(kPollNone, std::memory_order_relaxed);
    u.vcpu->domain->pollers.atomic_clear(u.vcpu->id.raw());
}

void init_dump();                                 // debug key r

// Hypercalls by part.
Result<s64> poll(u64 ports, u32 count, u64 timeout);
Result<s64> set_watchdog(Domain& d, u32 id, u32 timeout);
void init_watchdogs(Domain& d);
void kill_watchdogs(Domain& d);
Status pin_override(Vcpu& v, s32 cpu);

}  // namespace xen::sched
