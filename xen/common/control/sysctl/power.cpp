// SPDX-License-Identifier: MIT
// Power management as the tools see it: CPUs idle in C1 (HLT), or poll when that is forbidden; frequencies are the
// firmware's.
#include <xen/console.hpp>
#include <xen/cpupool.hpp>
#include <xen/log.hpp>
#include <xen/refusal.hpp>
#include <xen/time.hpp>
#include <xen/sched.hpp>
#include <xen/trace.hpp>

#include "common/control/bitmap_copy.hpp"
#include "common/control/sysctl/sysctl.hpp"

namespace xen::control::sysctls {
namespace {

constexpr u32 kStates = 2;  // C0 and C1

u64 idle_ns(CpuId cpu) { return static_cast<u64>(sched::idle_time_of(cpu).raw()); }
u64 busy_ns(CpuId cpu) { return static_cast<u64>(time::now().raw()) - idle_ns(cpu); }

void dump_idle(char) {
    u32 limit = sched::idle_limit.load(std::memory_order_relaxed);
    log_line("CPUs idle by %s; ms since boot in C0 and C1:", limit ? "HLT (C1)" : "polling (C0)");
    for (usize i : cpu_online) {
        CpuId cpu{static_cast<u32>(i)};
        log_line("  CPU%zu %llu %llu", i, static_cast<unsigned long long>(busy_ns(cpu) / 1000000),
                 static_cast<unsigned long long>(idle_ns(cpu) / 1000000));
    }
}

u32 sub_state_limit = XEN_SYSCTL_CX_UNLIMITED;   // kept, while C1 has no sub-states

// ABI: here "CPU" 0 means the state and 1 its sub-state.
Status get_limit(xen_sysctl_pm_op& x) {
    if (x.cpuid > 1) return refuse(Errno::inval, "cpuid is %u: 0 means the state, 1 its sub-state", x.cpuid);
    x.u.get_max_cstate = x.cpuid ? sub_state_limit : sched::idle_limit.load(std::memory_order_relaxed);
    return {};
}

Status set_limit(const xen_sysctl_pm_op& x) {
    if (x.cpuid > 1) return refuse(Errno::inval, "cpuid is %u: 0 means the state, 1 its sub-state", x.cpuid);
    if (x.cpuid == 0) sched::idle_limit.store(x.u.set_max_cstate, std::memory_order_relaxed);
    sub_state_limit = x.cpuid ? x.u.set_max_cstate : XEN_SYSCTL_CX_UNLIMITED;
    return {};
}

Status idle_states(xen_sysctl_get_pmstat& x) {
    pm_cx_stat& s = x.u.getcx;
    CpuId cpu{x.cpuid};
    u64 idle = idle_ns(cpu);
    u32 room = s.nr < kStates ? s.nr : kStates;
    u64 triggers[kStates] = {0, 0};
    u64 residencies[kStates] = {busy_ns(cpu), idle};
    if (s.triggers.p) TRY(guest::copy_out(reinterpret_cast<u64>(s.triggers.p), triggers, room * sizeof(u64)));
    if (s.residencies.p) TRY(guest::copy_out(reinterpret_cast<u64>(s.residencies.p), residencies, room * sizeof(u64)));
    s.nr = kStates;
    s.last = 1;
    s.idle_time = idle;
    s.nr_pc = s.nr_cc = 0;
    return {};
}

Status check_online(u32 cpu) {
    if (cpu < kMaxCpus && cpu_online.test(cpu)) return {};
    return refuse(Errno::inval, "cpuid is %u: no such CPU is online", cpu);
}

}  // namespace

void init_keys() { console::register_key('c', dump_idle, "dump idle states"); }

Status power_statistics(xen_sysctl_get_pmstat& x) {
    TRY(check_online(x.cpuid));
    switch (x.type) {
    case PMSTAT_get_max_cx: x.u.getcx.nr = kStates; return {};
    case PMSTAT_get_cxstat: return idle_states(x);
    case PMSTAT_reset_cxstat: return {};
    case PMSTAT_get_max_px:
    case PMSTAT_get_pxstat:
    case PMSTAT_reset_pxstat: return refuse(Errno::nodev, "type is %u: no driver sets frequencies", x.type);
    default: return refuse(Errno::nosys, "type is %u: there is no such one", x.type);
    }
}

Status power_operation(xen_sysctl_pm_op& x) {
    TRY(check_online(x.cpuid));
    if ((x.cmd & PM_PARA_CATEGORY_MASK) == CPUFREQ_PARA) return refuse(Errno::inval, "cmd is %#x: no driver sets frequencies", x.cmd);
    switch (x.cmd) {
    case XEN_SYSCTL_pm_op_get_max_cstate: return get_limit(x);
    case XEN_SYSCTL_pm_op_set_max_cstate: return set_limit(x);
    case XEN_SYSCTL_pm_op_enable_turbo:
    case XEN_SYSCTL_pm_op_disable_turbo: return refuse(Errno::acces, "cmd is %#x: no driver sets frequencies", x.cmd);
    case XEN_SYSCTL_pm_op_set_sched_opt_smt: x.u.set_sched_opt_smt = 0; return {};
    default: return refuse(Errno::nosys, "cmd is %#x: there is no such one", x.cmd);
    }
}

Status pool(xen_sysctl_cpupool_op& x) {
    CpuMask cpus;
    TRY(sched::cpupool_op(x, cpus));
    if (x.op != XEN_SYSCTL_CPUPOOL_OP_INFO && x.op != XEN_SYSCTL_CPUPOOL_OP_FREEINFO) return {};
    return copy_bitmap_out(x.cpumap, cpus);
}

Status trace_buffers(xen_sysctl_tbuf_op& x) {
    if constexpr (config::tracebuffer) return trace::control(x);
    return Errno::nosys;
}

}  // namespace xen::control::sysctls
