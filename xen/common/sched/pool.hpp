// SPDX-License-Identifier: MIT
// A CPU pool: its CPUs, its policy, and what the policy sees of the machine. Pools are found and changed under pool_lock;
// one that has a domain does not go away. Allocation happens outside that lock: a CPU that is neither free nor in a pool
// is being moved by whoever took it.
#pragma once

#include <xen/domain.hpp>
#include <xen/lock.hpp>
#include <xen/timer.hpp>

#include "common/sched/policy.hpp"
#include "common/sched/unit.hpp"

namespace xen::sched {

class Pool final : public PolicyHost {
public:
    Pool(u32 id, SchedPolicy* policy) : id_{id}, policy_{policy} { timer_.init(account, this, CpuId{0}); }

    u32 id() const { return id_; }
    SchedPolicy& policy() const { return *policy_; }
    const CpuMask& cpus() const { return cpus_; }
    void set_policy(SchedPolicy* p) { policy_ = p; }
    void add(CpuId cpu);
    void remove(CpuId cpu);
    void stop() { timer_.kill(); }

    void reschedule(CpuId cpu) override { sched::reschedule(cpu); }
    void reschedule_by(CpuId cpu, Nanos when) override;
    bool try_lock(CpuId cpu) override;
    void unlock(CpuId cpu) override;
    void lock_home(Entity& e) override;
    void unlock_home(Entity& e) override;
    void want_accounting(Nanos delay) override;

    u32 domains = 0;
    Pool* next = nullptr;   // by id

private:
    static void account(void* pool);
    u32 id_;
    SchedPolicy* policy_;
    CpuMask cpus_{};
    Timer timer_;
};

extern Spinlock<LockRank::cpu_pool> pool_lock;

// pool_lock is held.
Pool* find_pool(u32 id) REQUIRES(pool_lock);
Pool* first_pool_from(u32 id) REQUIRES(pool_lock);
inline Pool& pool_of(const Domain& d) { return *d.sched->pool.load(std::memory_order_acquire); }

}  // namespace xen::sched
