// SPDX-License-Identifier: MIT
// Debug key q: what every domain is, has and does.
#include <xen/console.hpp>
#include <xen/control.hpp>
#include <xen/cpupool.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>
#include <xen/rangeset.hpp>
#include <xen/sched.hpp>

#include "common/control/physdev/physdev.hpp"
#include "common/control/sysctl/sysctl.hpp"
#include "lib/format.hpp"

namespace xen::control {
namespace {

using ull = unsigned long long;

constexpr usize kMostRanges = 12;   // of one set; the rest is counted

const char* life_of(const Domain& d) {
    if (d.dying.load(std::memory_order_relaxed) != Dying::alive) return "dying";
    return d.is_shut_down ? "shut down" : "alive";
}

const char* what_of(const sched::VcpuState& s) {
    if (!s.online) return "down";
    if (s.running) return "running";
    return s.blocked ? "blocked" : "waiting";
}

// "0-3,7" for a mask.
struct MaskText {
    char text[64];
    explicit MaskText(const CpuMask& m) {
        usize n = 0;
        text[0] = 0;
        for (usize first = m.next(); first < kMaxCpus && n + 12 < sizeof(text);) {
            usize last = first;
            while (last + 1 < kMaxCpus && m.test(last + 1)) ++last;
            const char* comma = n ? "," : "";
            n += last == first ? format(text + n, sizeof(text) - n, "%s%zu", comma, first)
                               : format(text + n, sizeof(text) - n, "%s%zu-%zu", comma, first, last);
            first = m.next(last + 1);
        }
    }
};

void dump_vcpu(const Vcpu& v) {
    sched::VcpuState s = sched::state_of(v);
    const vcpu_info* info = v.info;
    log_line("  vCPU %u: %s, CPU %u, ran %llu ms, upcall%s pending%s; affinity hard %s soft %s%s", v.id.raw(), what_of(s), s.cpu,
             static_cast<ull>(s.cpu_time / 1000000), info && shared_load(info->evtchn_upcall_pending) ? "" : " not",
             info && arch::upcall_masked(*info) ? ", masked" : "", MaskText{sched::hard_affinity(v)}.text,
             MaskText{sched::soft_affinity(v)}.text, sched::is_polling(v) ? ", polls" : "");
}

void dump_ranges(const char* name, const RangeSet* set) {
    if (!set || set->empty()) return;
    char text[kMostRanges * 36];
    usize n = 0;
    for (usize i = 0; i < set->size() && i < kMostRanges; ++i) {
        RangeSet::Range r = set->range(i);
        n += r.first == r.last ? format(text + n, sizeof(text) - n, " %llx", static_cast<ull>(r.first))
                               : format(text + n, sizeof(text) - n, " %llx-%llx", static_cast<ull>(r.first), static_cast<ull>(r.last));
    }
    usize more = set->size() > kMostRanges ? set->size() - kMostRanges : 0;
    if (more) log_line("  %s:%s and %zu more ranges", name, text, more);
    else log_line("  %s:%s", name, text);
}

void dump_domain(Domain& d) {
    sched::DomainState s = sched::state_of(d);
    log_line("Domain %u: %s%s, pool %u, %u vCPUs, %u references, assists %#llx%s%s%s", d.id.raw(), life_of(d), s.paused ? ", paused" : "",
             s.pool, d.max_vcpus, d.refs.load(std::memory_order_relaxed), static_cast<ull>(d.vm_assist),
             d.is_privileged ? ", control" : "", d.is_hardware ? ", hardware" : "", d.is_store ? ", store" : "");
    log_line("  pages: %llu of at most %llu, shared with the hypervisor %llu, claimed %llu; ran %llu ms", static_cast<ull>(d.tot_pages),
             static_cast<ull>(d.max_pages), static_cast<ull>(d.xenheap_pages), static_cast<ull>(d.outstanding_claims),
             static_cast<ull>(s.cpu_time / 1000000));
    dump_ranges("interrupts", d.irqs);
    dump_ranges("device frames", d.io_memory);
    dump_ranges("I/O ports", d.io_ports);
    d.for_each_vcpu(dump_vcpu);
}

void dump_all(char) {
    for (Domain* d = domain::first(); d; d = domain::next(*d)) dump_domain(*d);
}

}  // namespace

void init() {
    memory::init_keys();
    physdev::init_keys();
    sysctls::init_keys();
    console::register_key('q', dump_all, "dump domains and their vCPUs");
}

}  // namespace xen::control
