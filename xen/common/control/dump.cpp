// SPDX-License-Identifier: MIT
// Debug key q: what every domain is and does.
#include <xen/console.hpp>
#include <xen/control.hpp>
#include <xen/log.hpp>
#include <xen/sched.hpp>

namespace xen::control {
namespace {

const char* life_of(const Domain& d) {
    if (d.dying.load(std::memory_order_relaxed) != Dying::alive) return "dying";
    return d.is_shut_down ? "shut down" : "alive";
}

void dump_vcpu(const Vcpu& v) {
    sched::VcpuState s = sched::state_of(v);
    const char* what = !s.online ? "down" : s.running ? "running" : s.blocked ? "blocked" : "waiting";
    log_line("  vcpu %u: %s, cpu %u, ran %lu ms", v.id.raw(), what, s.cpu, s.cpu_time / 1000000);
}

void dump_domain(Domain& d) {
    sched::DomainState s = sched::state_of(d);
    log_line("d%u: %s%s, pool %u, pages %lu of at most %lu, vcpus %u", d.id.raw(), life_of(d), s.paused ? ", paused" : "", s.pool,
             static_cast<u64>(d.tot_pages), static_cast<u64>(d.max_pages), d.max_vcpus);
    for (u32 i = 0; i < d.max_vcpus; ++i)
        if (const Vcpu* v = d.vcpus[i]) dump_vcpu(*v);
}

void dump_all(char) {
    for (Domain* d = domain::first(); d; d = domain::next(*d)) dump_domain(*d);
}

}  // namespace

void init() { console::register_key('q', dump_all, "domains and their vCPUs"); }

}  // namespace xen::control
