// SPDX-License-Identifier: MIT
// Domains and pools: joining at creation, leaving at death, moving between; the sysctl around pools.
#include <public/sysctl.h>
#include <xen/cpupool.hpp>
#include <xen/refusal.hpp>
#include <xen/sched.hpp>
#include <xen/time.hpp>

#include "common/sched/pool.hpp"
#include "lib/scope.hpp"

namespace xen::sched {

namespace {

Result<Pool*> enter_pool(u32 id, Errno missing, Errno empty) {
    Guard g{pool_lock};
    Pool* p = find_pool(id);
    if (!p) return refuse(missing, "CPU pool %u: there is no such one", id);
    if (p->cpus().empty()) return refuse(empty, "CPU pool %u has no CPUs", id);
    ++p->domains;
    return p;
}

void leave_pool(Pool& p) {
    Guard g{pool_lock};
    --p.domains;
}

// The policy's part of a domain, made before it leaves its old pool; afterwards, what is left of the old one.
struct Parts {
    SchedPolicy* policy;
    PolicyDomain* domain;
    Array<PolicyUnit*> units;
};

void discard(Parts& p) {
    for (PolicyUnit* u : p.units)
        if (u) p.policy->free_unit(u);
    p.policy->remove_domain(p.domain);
}

Result<Parts> prepare(Pool& to, const Domain& d) {
    auto units = TRY(Array<PolicyUnit*>::create(d.max_vcpus));
    PolicyDomain* pd = TRY(to.policy().add_domain());
    Parts p{&to.policy(), pd, std::move(units)};
    for (u32 i = 0; i < d.max_vcpus; ++i) {
        if (!d.vcpus[i]) continue;
        Result<PolicyUnit*> u = p.policy->make_unit(pd);
        if (!u) {
            discard(p);
            return u.error();
        }
        p.units[i] = u.value();
    }
    return p;
}

// The unit is paused and off its CPU. Its affinity counts anew in the new pool.
void change_pool(Unit& u, Pool& from, Pool& to, PolicyDomain* pd, PolicyUnit*& part) {
    PolicyUnit* old = from.policy().remove_unit(u);
    {
        HomeGuard g{u};
        u.moving.store(true, std::memory_order_relaxed);
        update_allowed(u, to.cpus());
        u.cpu.store(CpuId{static_cast<u32>(u.allowed.next())}, std::memory_order_release);
    }
    to.policy().insert_unit(u, pd, part);
    part = old;
}

// Afterwards `parts` are those of the old pool.
void change_pool(Domain& d, Pool& from, Pool& to, Parts& parts) {
    Guard g{pool_lock};
    d.for_each_vcpu([&](Vcpu& v) { change_pool(*v.unit, from, to, parts.domain, parts.units[v.id.raw()]); });
    std::swap(d.sched->policy_domain, parts.domain);
    parts.policy = &from.policy();
    d.sched->pool.store(&to, std::memory_order_release);
}

}  // namespace

Status init_domain(Domain& d, u32 cpupool) {
    Box<DomainSched> s = TRY(Box<DomainSched>::create());
    Pool* p = TRY(enter_pool(cpupool, Errno::srch, Errno::nodev));
    Result<PolicyDomain*> pd = p->policy().add_domain();
    if (!pd) {
        leave_pool(*p);
        return pd.error();
    }
    s->pool.store(p, std::memory_order_release);
    s->policy_domain = pd.value();
    d.sched = s.leak();
    trace::put(TRC_SCHED_DOM_ADD, d.id.raw());
    init_watchdogs(d);
    return {};
}

void destroy_domain(Domain& d) {
    if (!d.sched) return;
    trace::put(TRC_SCHED_DOM_REM, d.id.raw());
    kill_watchdogs(d);
    Pool& p = pool_of(d);
    p.policy().remove_domain(d.sched->policy_domain);
    leave_pool(p);
    Box<DomainSched>::adopt(std::exchange(d.sched, nullptr)).reset();
}

Status move_domain(Domain& d, u32 id) {
    if (!d.sched) return Errno::inval;
    Pool& from = pool_of(d);
    if (from.id() == id) return {};
    if (d.sched->changing_pool.exchange(true, std::memory_order_acquire)) return Errno::busy;
    Scope done{[&] { d.sched->changing_pool.store(false, std::memory_order_release); }};
    Pool* to = TRY(enter_pool(id, Errno::noent, Errno::noent));
    Result<Parts> parts = prepare(*to, d);
    if (!parts) {
        leave_pool(*to);
        return parts.error();
    }
    domain::pause(d);
    change_pool(d, from, *to, parts.value());
    d.for_each_vcpu([](Vcpu& v) { finish_move(*v.unit); });
    domain::unpause(d);
    discard(parts.value());
    leave_pool(from);
    return {};
}

u32 cpupool_of(const Domain& d) { return d.sched ? pool_of(d).id() : kNoPool; }

namespace {

Status move_by_id(const xen_sysctl_cpupool_op& op) {
    DomainRef d = TRY(domain::find(DomId{static_cast<u16>(op.domid)}));
    if (d.get() == &current_domain()) return refuse(Errno::perm, "domid is %u: the caller stays in its pool", op.domid);
    return move_domain(*d, op.cpupool_id);
}

Status report(xen_sysctl_cpupool_op& op, CpuMask& cpumap) {
    PoolInfo info = TRY(pool_info(op.cpupool_id));
    op.cpupool_id = info.id;
    op.sched_id = info.scheduler;
    op.n_dom = info.domains;
    cpumap = info.cpus;
    return {};
}

}  // namespace

Status cpupool_op(xen_sysctl_cpupool_op& op, CpuMask& cpumap) {
    switch (op.op) {
    case XEN_SYSCTL_CPUPOOL_OP_CREATE:
        op.cpupool_id = TRY(create_pool(op.cpupool_id, op.sched_id));
        return {};
    case XEN_SYSCTL_CPUPOOL_OP_DESTROY: return destroy_pool(op.cpupool_id);
    case XEN_SYSCTL_CPUPOOL_OP_INFO: return report(op, cpumap);
    case XEN_SYSCTL_CPUPOOL_OP_ADDCPU: return add_cpu_to_pool(op.cpupool_id, op.cpu);
    case XEN_SYSCTL_CPUPOOL_OP_RMCPU: return remove_cpu_from_pool(op.cpupool_id, op.cpu);
    case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN: return move_by_id(op);
    case XEN_SYSCTL_CPUPOOL_OP_FREEINFO: cpumap = free_cpus(); return {};
    default: return refuse(Errno::nosys, "op is %u: there is no such one", op.op);
    }
}

}  // namespace xen::sched
