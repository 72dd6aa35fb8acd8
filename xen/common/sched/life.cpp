// SPDX-License-Identifier: MIT
// Birth and death: the scheduler itself, CPUs with their idle vCPUs, vCPUs of domains.
#include <public/domctl.h>
#include <xen/cpupool.hpp>
#include <xen/event.hpp>
#include <xen/heap.hpp>
#include <xen/log.hpp>
#include <xen/option.hpp>
#include <xen/sched.hpp>
#include <xen/time.hpp>

#include "common/sched/idle_policy.hpp"
#include "common/sched/pool.hpp"
#include "common/sched/unit.hpp"

namespace xen::sched {

u32 default_scheduler() { return XEN_SCHEDULER_CREDIT; }

void init() {
    Str asked = option::values().sched;
    if (asked != Str{"credit"})
        log_warning("sched=%.*s: there is no such scheduler here, taking credit", static_cast<int>(asked.size()),
                    asked.data());
    init_core();
    init_dump();
    bug_if(!create_pool(0, default_scheduler()).ok());
}

namespace {

Result<Unit*> make_idle_unit(CpuId cpu) {
    if (Vcpu* known = domain::idle->vcpus[cpu.raw()]) return known->unit;   // it was up before
    Box<Unit> u = TRY(Box<Unit>::create());
    Vcpu& v = TRY(domain::create_vcpu(*domain::idle, VcpuId{cpu.raw()}));
    u->vcpu = &v;
    u->hold.store(0, std::memory_order_relaxed);
    u->cpu.store(cpu, std::memory_order_relaxed);
    u->on_cpu.store(true, std::memory_order_relaxed);
    u->state = RunState::running;
    u->since = time::now();
    u->allowed = mask_of(cpu);
    v.processor.store(cpu, std::memory_order_relaxed);
    v.unit = u.leak();
    return v.unit;
}

Status make_cpu(CpuId cpu) {
    Unit* idle = TRY(make_idle_unit(cpu));
    if (cpus[cpu.raw()]) {
        cpus[cpu.raw()]->slice_timer.migrate(cpu);
        return {};
    }
    Box<Cpu> c = TRY(Box<Cpu>::create());
    c->id = cpu;
    c->idle = c->current = idle;
    c->policy = &idle_policy();
    init_slice_timer(*c);
    cpus[cpu.raw()] = c.leak();
    return {};
}

}  // namespace

Status init_cpu(CpuId cpu) {
    TRY(make_cpu(cpu));
    if (cpu != arch::cpu_id()) return {};
    arch::set_current_vcpu(&idle_vcpu(cpu));
    return join_pool(cpu);
}

Vcpu& idle_vcpu(CpuId cpu) { return *domain::idle->vcpus[cpu.raw()]; }

namespace {

// New vCPUs are spread over the allowed CPUs by their number.
CpuId first_home(const Unit& u) {
    usize skip = u.vcpu->id.raw() % u.allowed.count();
    usize cpu = u.allowed.next();
    for (; skip; --skip) cpu = u.allowed.next(cpu + 1);
    return CpuId{static_cast<u32>(cpu)};
}

void choose_affinity(Unit& u) {
    u.soft.set_all();
    if (u.vcpu->domain->is_hardware && option::values().dom0_vcpus_pin) u.hard = mask_of(CpuId{u.vcpu->id.raw()});
    else u.hard.set_all();
}

}  // namespace

Status init_vcpu(Vcpu& v) {
    Domain& d = *v.domain;
    if (d.sched->changing_pool.load(std::memory_order_acquire)) return Errno::busy;
    Box<Unit> box = TRY(Box<Unit>::create());
    Unit& u = *box;
    u.vcpu = &v;
    u.since = time::now();
    u.period.store(millis(10).raw(), std::memory_order_relaxed);   // ABI: PV guests start with a 100 Hz ticker
    choose_affinity(u);
    {
        Guard g{pool_lock};
        update_allowed(u, pool_of(d).cpus());
        u.cpu.store(first_home(u), std::memory_order_relaxed);
    }
    {
        Guard g{d.lock};
        if (d.controller_pauses) u.hold.fetch_add(kPauseOne, std::memory_order_relaxed);
        if (d.is_shutting_down) u.hold.fetch_add(kPauseOne, std::memory_order_relaxed);
    }
    SchedPolicy& policy = pool_of(d).policy();
    PolicyUnit* part = TRY(policy.make_unit(d.sched->policy_domain));
    policy.insert_unit(u, d.sched->policy_domain, part);
    v.processor.store(u.home(), std::memory_order_relaxed);
    init_timers(u, u.home());
    v.unit = box.leak();
    return {};
}

void destroy_vcpu(Vcpu& v) {
    if (!v.unit) return;
    Unit& u = *v.unit;
    if (!v.is_idle()) {
        kill_timers(u);
        SchedPolicy& policy = pool_of(*v.domain).policy();
        policy.free_unit(policy.remove_unit(u));
    }
    v.unit = nullptr;
    Box<Unit>::adopt(&u).reset();
}

DomainState state_of(Domain& d) {
    DomainState s{};
    s.paused = d.controller_pauses != 0;
    s.blocked = true;
    s.highest_vcpu = ~0u;   // XEN_INVALID_MAX_VCPU_ID
    s.pool = cpupool_of(d);
    d.for_each_vcpu([&](Vcpu& v) {
        vcpu_runstate_info r = runstate(v);
        s.cpu_time += r.time[RUNSTATE_running];
        s.highest_vcpu = v.id.raw();
        if (is_down(v)) return;
        if (!is_blocked(v)) s.blocked = false;
        if (is_running(v)) s.running = true;
        ++s.online_vcpus;
    });
    if (!s.online_vcpus) s.blocked = false;   // ABI: nobody waits where nobody is
    return s;
}

VcpuState state_of(const Vcpu& v) {
    return {.online = !is_down(v),
            .blocked = is_blocked(v),
            .running = is_running(v),
            .cpu_time = runstate(v).time[RUNSTATE_running],
            .cpu = v.processor.load(std::memory_order_relaxed).raw()};
}

}  // namespace xen::sched
