// SPDX-License-Identifier: MIT
// Pools: making and unmaking them, and the CPUs in them.
#include "common/sched/pool.hpp"

#include <public/domctl.h>
#include <public/sysctl.h>
#include <xen/cpupool.hpp>
#include <xen/heap.hpp>
#include <xen/refusal.hpp>
#include <xen/sched.hpp>
#include <xen/time.hpp>

#include "common/sched/credit.hpp"
#include "common/sched/idle_policy.hpp"

namespace xen::sched {

constinit Spinlock<LockRank::cpu_pool> pool_lock;

namespace {

constexpr u32 kNoCpu = ~0u;

constinit Pool* pools GUARDED_BY(pool_lock) = nullptr;
constinit CpuMask free_mask GUARDED_BY(pool_lock){};
// A removal that could not be finished yet, and has to be asked for again (public/sysctl.h: EADDRNOTAVAIL).
constinit u32 leaving_cpu GUARDED_BY(pool_lock) = kNoCpu;
constinit Pool* leaving_pool GUARDED_BY(pool_lock) = nullptr;

template <class F>
void for_each_unit(const Pool& pool, F f) {
    for (Domain* d = domain::first(); d; d = domain::next(*d)) {
        if (!d->sched || d->sched->pool.load(std::memory_order_acquire) != &pool) continue;
        d->for_each_vcpu([&](Vcpu& v) {
            if (v.unit) f(*v.unit);
        });
    }
}

Result<Pool*> make_pool(u32 id, u32 scheduler) {
    if (scheduler != XEN_SCHEDULER_CREDIT) return refuse(Errno::noent, "sched_id is %u: there is the credit scheduler only", scheduler);
    Box<Pool> pool = TRY(Box<Pool>::create(id, nullptr));
    SchedPolicy* policy = TRY(Credit::create(*pool));
    pool->set_policy(policy);
    return pool.leak();
}

void free_pool(Pool* p) {
    p->stop();
    p->policy().destroy();
    Box<Pool>::adopt(p).reset();
}

void switch_policy(CpuId cpu, SchedPolicy& policy) {
    Cpu& c = cpu_of(cpu);
    Guard g{c.lock};
    c.policy = &policy;
    c.until = Nanos{0};
    c.timer_at = Nanos{0};
    c.slice_timer.stop();
}

// Everything has left the CPU: nobody runs there or is at home there.
bool is_empty(const Pool& pool, CpuId cpu) {
    const Cpu& c = cpu_of(cpu);
    bool empty = __atomic_load_n(&c.current, __ATOMIC_ACQUIRE) == c.idle;
    for_each_unit(pool, [&](Unit& u) {
        if (u.home() == cpu || (u.on_cpu.load(std::memory_order_acquire) && u.vcpu->processor == cpu)) empty = false;
    });
    return empty;
}

Status begin_removal(Pool& p, u32 cpu) REQUIRES(pool_lock) {
    if (leaving_cpu == cpu && leaving_pool == &p) return {};
    if (leaving_cpu != kNoCpu || !p.cpus().test(cpu)) return Errno::addrnotavail;
    if (p.domains && p.cpus().count() == 1) return refuse(Errno::busy, "cpu %u is the pool's last, and %u domains are in it", cpu, p.domains);
    bool pinned = false;
    for_each_unit(p, [&](Unit& u) { pinned |= u.pinned && u.hard.test(cpu); });
    if (pinned) return refuse(Errno::addrinuse, "cpu %u: a vCPU is pinned to it", cpu);
    leaving_cpu = cpu;
    leaving_pool = &p;
    p.remove(CpuId{cpu});
    for_each_unit(p, apply_affinity);
    return {};
}

}  // namespace

void Pool::add(CpuId cpu) {
    if (cpus_.empty()) timer_.migrate(cpu);
    cpus_.set(cpu.raw());
}

void Pool::remove(CpuId cpu) {
    cpus_.clear(cpu.raw());
    if (timer_.cpu() == cpu) timer_.migrate(CpuId{cpus_.empty() ? 0 : static_cast<u32>(cpus_.next())});
}

void Pool::want_accounting(Nanos delay) { timer_.set(time::now() + delay.raw()); }

void Pool::account(void* pool) { static_cast<Pool*>(pool)->policy_->account(time::now()); }

Pool* first_pool_from(u32 id) {
    for (Pool* p = pools; p; p = p->next)
        if (p->id() >= id) return p;
    return nullptr;
}

Pool* find_pool(u32 id) {
    Pool* p = first_pool_from(id);
    return p && p->id() == id ? p : nullptr;
}

namespace {

// ABI: besides the first one at most as many as there are CPUs.
bool all_made() {
    usize made = 0, possible = 0;
    for (const Cpu* c : cpus) possible += c ? 1 : 0;
    Guard g{pool_lock};
    for (Pool* p = pools; p; p = p->next) made += p->id() ? 1 : 0;
    return made >= possible;
}

}  // namespace

Result<u32> create_pool(u32 id, u32 scheduler) {
    if (id != 0 && all_made()) return refuse(Errno::nospc, "there are as many pools as CPUs");
    bool any = id == XEN_SYSCTL_CPUPOOL_PAR_ANY;
    for (;;) {
        if (any) {
            Guard g{pool_lock};
            for (id = 0; find_pool(id);) ++id;
        }
        Pool* made = TRY(make_pool(id, scheduler));
        {
            Guard g{pool_lock};
            if (!find_pool(id)) {
                Pool** link = &pools;
                while (*link && (*link)->id() < id) link = &(*link)->next;
                made->next = *link;
                *link = made;
                return id;
            }
        }
        free_pool(made);
        if (!any) return refuse(Errno::exist, "cpupool_id is %u: it exists", id);
    }
}

Status destroy_pool(u32 id) {
    Pool* gone = nullptr;
    {
        Guard g{pool_lock};
        gone = find_pool(id);
        if (!gone) return Errno::noent;
        if (gone->domains || !gone->cpus().empty() || leaving_pool == gone)
            return refuse(Errno::busy, "pool %u has %u domains and %zu CPUs", id, gone->domains, gone->cpus().count());
        Pool** link = &pools;
        while (*link != gone) link = &(*link)->next;
        *link = gone->next;
    }
    free_pool(gone);
    return {};
}

Result<PoolInfo> pool_info(u32 at_least) {
    Guard g{pool_lock};
    Pool* p = first_pool_from(at_least);
    if (!p) return Errno::noent;
    return PoolInfo{p->id(), p->policy().id(), p->domains, p->cpus()};
}

Status add_cpu_to_pool(u32 id, u32 cpu) {
    Pool* p = nullptr;
    {
        Guard g{pool_lock};
        p = find_pool(id);
        if (!p) return Errno::noent;
        if (cpu == XEN_SYSCTL_CPUPOOL_PAR_ANY) cpu = static_cast<u32>(free_mask.next());
        else if (cpu >= kMaxCpus || !cpus[cpu]) return Errno::inval;
        if (cpu == leaving_cpu) {
            if (p != leaving_pool) return Errno::addrnotavail;
            leaving_cpu = kNoCpu;   // taken back: it never left the policy
            leaving_pool = nullptr;
            p->add(CpuId{cpu});
            for_each_unit(*p, apply_affinity);
            return {};
        }
        if (cpu >= kMaxCpus || !free_mask.test(cpu)) return refuse(Errno::nodev, "cpu %u is in a pool already", cpu);
        free_mask.clear(cpu);
        ++p->domains;               // stays while we allocate
    }
    Status s = p->policy().add_cpu(CpuId{cpu});
    Guard g{pool_lock};
    --p->domains;
    if (!s) {
        free_mask.set(cpu);
        return s;
    }
    switch_policy(CpuId{cpu}, p->policy());
    p->add(CpuId{cpu});
    for_each_unit(*p, apply_affinity);
    reschedule(CpuId{cpu});
    return {};
}

Status remove_cpu_from_pool(u32 id, u32 cpu) {
    Guard g{pool_lock};
    Pool* p = find_pool(id);
    if (!p) return Errno::noent;
    if (cpu == XEN_SYSCTL_CPUPOOL_PAR_ANY)
        for (usize c : p->cpus()) cpu = static_cast<u32>(c);
    if (cpu >= kMaxCpus || !cpus[cpu] || !cpu_online.test(cpu))
        return refuse(Errno::inval, "cpu is %u: no such CPU is online", cpu);
    TRY(begin_removal(*p, cpu));
    if (!is_empty(*p, CpuId{cpu})) {
        reschedule(CpuId{cpu});
        return Errno::restart;
    }
    switch_policy(CpuId{cpu}, idle_policy());
    p->policy().remove_cpu(CpuId{cpu});
    leaving_cpu = kNoCpu;
    leaving_pool = nullptr;
    free_mask.set(cpu);
    return {};
}

Status join_pool(CpuId cpu) {
    {
        Guard g{pool_lock};
        free_mask.set(cpu.raw());
    }
    return add_cpu_to_pool(0, cpu.raw());
}

Status remove_cpu(CpuId cpu) {
    {
        Guard g{pool_lock};
        if (free_mask.test(cpu.raw())) {
            free_mask.clear(cpu.raw());
            return {};
        }
        Pool* p = find_pool(0);
        if (!p->cpus().test(cpu.raw()) && leaving_cpu != cpu.raw()) return Errno::nodev;
    }
    TRY(remove_cpu_from_pool(0, cpu.raw()));
    Guard g{pool_lock};
    free_mask.clear(cpu.raw());
    return {};
}

CpuMask free_cpus() {
    Guard g{pool_lock};
    return free_mask;
}

CpuMask pool_cpus(const Domain& d) {
    Guard g{pool_lock};
    return d.sched ? pool_of(d).cpus() : cpu_online;
}

}  // namespace xen::sched
