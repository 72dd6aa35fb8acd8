// SPDX-License-Identifier: MIT
// Debug key r: pools, and what each CPU runs and who waits there.
#include <public/domctl.h>
#include <xen/console.hpp>
#include <xen/log.hpp>
#include <xen/time.hpp>

#include "common/sched/pool.hpp"

namespace xen::sched {

namespace {

// Without the run queue's lock: a picture, not a proof.
void dump_waiting(CpuId cpu) {
    for (Domain* d = domain::first(); d; d = domain::next(*d))
        d->for_each_vcpu([&](Vcpu& v) {
            if (v.unit && v.unit->home() == cpu && v.unit->state == RunState::runnable)
                log_line("    waits: d%uv%u", d->id.raw(), v.id.raw());
        });
}

void dump_cpu(Cpu& c, Nanos now) {
    const Vcpu* v = nullptr;
    s64 ran = 0;
    {
        Guard g{c.lock};
        v = c.current->vcpu;
        ran = now - c.current->since;
    }
    if (v->is_idle()) log_line("  cpu %u: idle for %ld us", c.id.raw(), ran / 1000);
    else log_line("  cpu %u: d%uv%u for %ld us", c.id.raw(), v->domain->id.raw(), v->id.raw(), ran / 1000);
    dump_waiting(c.id);
}

void dump_all(char) {
    Nanos now = time::now();
    Guard g{pool_lock};
    for (Pool* p = first_pool_from(0); p; p = p->next) {
        log_line("pool %u: scheduler %u, %lu CPUs, %u domains", p->id(), p->policy().id(), p->cpus().count(), p->domains);
        for (usize cpu : p->cpus()) dump_cpu(*cpus[cpu], now);
    }
}

}  // namespace

void init_dump() { console::register_key('r', dump_all, "run queues"); }

}  // namespace xen::sched
