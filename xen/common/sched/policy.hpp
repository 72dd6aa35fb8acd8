// SPDX-License-Identifier: MIT
// The interface between the scheduler core and a policy. One policy object serves one CPU pool. A policy touches only
// its own state and the entities it was given; time comes in as an argument, everything else that it wants of its
// surroundings goes through Host. So the same classes run in the hypervisor and in the simulator.
//
// Locking: each CPU has one run-queue lock, owned by the host. An entity belongs to the CPU in `cpu`, and every call
// about it is made with that CPU's lock held, except those marked "no lock held". A policy may take a second CPU's
// lock only with Host::try_lock.
#pragma once

#include <atomic>

#include <xen/cpumask.hpp>

#include "lib/index.hpp"
#include "lib/result.hpp"

struct xen_domctl_scheduler_op;
struct xen_sysctl_scheduler_op;

namespace xen::sched {

struct PolicyUnit {};     // a policy's own state of an entity,
struct PolicyDomain {};   // and of a domain

// What is scheduled: a vCPU, as a policy sees it. Its policy_* belong to the policy.
struct Entity {
    std::atomic<CpuId> cpu{};         // whose run queue it belongs to
    std::atomic<bool> on_cpu{false};  // a CPU holds its registers: it cannot be started elsewhere yet
    CpuMask allowed{};                // hard affinity within the pool's CPUs; never empty
    CpuMask preferred{};              // soft affinity within allowed, when has_preferred
    bool has_preferred = false;       // soft affinity excludes some allowed CPU and leaves some
    PolicyUnit* policy_unit = nullptr;
    PolicyDomain* policy_domain = nullptr;

    CpuId home() const { return cpu.load(std::memory_order_relaxed); }
};

struct Decision {
    Entity* next = nullptr;   // nothing: idle
    Nanos until{0};           // decide again by then; 0: no limit
    bool move_prev = false;   // prev is runnable but is to be placed on another CPU
};

class PolicyHost {
public:
    virtual void reschedule(CpuId cpu) = 0;      // have pick() called there soon
    virtual void reschedule_by(CpuId cpu, Nanos when) = 0;   // or then, at the latest; its run queue is locked
    virtual bool try_lock(CpuId cpu) = 0;        // the CPU's run queue; a lock of another CPU may be held
    virtual void unlock(CpuId cpu) = 0;
    virtual void lock_home(Entity& e) = 0;       // the run queue it belongs to, whichever that is by then
    virtual void unlock_home(Entity& e) = 0;
    virtual void want_accounting(Nanos delay) = 0;  // have account() called then; one at a time

protected:
    ~PolicyHost() = default;
};

class SchedPolicy {
public:
    virtual u32 id() const = 0;       // XEN_SCHEDULER_*
    virtual void destroy() = 0;       // no domain and no CPU is left

    // Configuration; no lock held.
    virtual Status add_cpu(CpuId cpu) = 0;
    virtual void remove_cpu(CpuId cpu) = 0;               // nothing belongs to it any more
    virtual Result<PolicyDomain*> add_domain() = 0;
    virtual void remove_domain(PolicyDomain* d) = 0;
    virtual Result<PolicyUnit*> make_unit(PolicyDomain* d) = 0;
    virtual void free_unit(PolicyUnit* u) = 0;
    // No allocation in these two: an entity joins (asleep, at home on a CPU of the pool), or leaves (asleep, off its CPU).
    virtual void insert_unit(Entity& e, PolicyDomain* d, PolicyUnit* u) = 0;
    virtual PolicyUnit* remove_unit(Entity& e) = 0;
    virtual void account(Nanos now) = 0;                  // asked for with want_accounting

    // Run time; the entity's run queue is locked, interrupts are off.
    virtual void wake(Entity& e, Nanos now) = 0;          // asleep until now
    virtual void sleep(Entity& e) = 0;                    // awake until now and not the one that runs
    // The caller would let others go first: whether there is one, and pick() is worth calling. No lock held.
    virtual bool yield(Entity& e) = 0;
    virtual CpuId place(const Entity& e) = 0;             // the best CPU among the allowed ones, as of now
    // prev ran on this CPU until now (nothing: it was idle). Runnable says whether it could go on running here.
    virtual Decision pick(CpuId cpu, Entity* prev, bool runnable, Nanos now) = 0;

    // Parameters; no lock held. The caller has checked the scheduler's id.
    virtual Status parameters(PolicyDomain* d, xen_domctl_scheduler_op& op) = 0;
    virtual Status parameters(xen_sysctl_scheduler_op& op) = 0;

protected:
    ~SchedPolicy() = default;
};

}  // namespace xen::sched
