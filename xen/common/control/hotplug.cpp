// SPDX-License-Identifier: MIT
#include "common/control/hotplug.hpp"

#include <xen/arch_control.hpp>
#include <xen/hypercall.hpp>
#include <xen/log.hpp>
#include <xen/option.hpp>
#include <xen/refusal.hpp>
#include <xen/smp.hpp>

namespace xen::control {
namespace {

Maybe<bool> second_threads;   // what XEN_SYSCTL_cpu_hotplug last said; else the option holds

bool may_run(CpuId cpu) { return second_threads.value_or(option::values().smt) || !arch::is_second_thread(cpu); }

// The boot CPU stays.
Status stop_cpu(CpuId cpu) {
    if (!cpu.raw()) return refuse(Errno::inval, "cpu is 0: the CPU that booted stays");
    if (cpu.raw() >= kMaxCpus || !cpu_present.test(cpu.raw())) return refuse(Errno::inval, "cpu is %u: there is no such one", cpu.raw());
    return cpu_online.test(cpu.raw()) ? smp::cpu_down(cpu) : refuse(Errno::exist, "cpu %u is off already", cpu.raw());
}

}  // namespace

Status start_cpu(CpuId cpu) {
    if (cpu.raw() >= kMaxCpus || !cpu_present.test(cpu.raw())) return refuse(Errno::inval, "cpu is %u: there is no such one", cpu.raw());
    TRY(smp::cpu_up(cpu));
    if (may_run(cpu)) return {};
    Status s = smp::cpu_down(cpu);
    if (s) return refuse(Errno::perm, "cpu %u is a second thread, and these are off", cpu.raw());
    log_warning("CPU %u could not be stopped again: errno %u", cpu.raw(), static_cast<unsigned>(s.error()));
    return s;
}

Status set_second_threads(bool on) {
    second_threads = on;
    for (usize i : cpu_present) {
        CpuId cpu{static_cast<u32>(i)};
        if (!arch::is_second_thread(cpu) || cpu_online.test(i) == on) continue;
        TRY(on ? start_cpu(cpu) : stop_cpu(cpu));
        if (hypercall::preempt_due()) return Errno::restart;
    }
    log_info("second threads %s: %zu of %zu CPUs run", on ? "on" : "off", cpu_online.count(), cpu_present.count());
    return {};
}

Status hotplug(const xen_sysctl_cpu_hotplug& x) {
    switch (x.op) {
    case XEN_SYSCTL_CPU_HOTPLUG_ONLINE: return start_cpu(CpuId{x.cpu});
    case XEN_SYSCTL_CPU_HOTPLUG_OFFLINE: return stop_cpu(CpuId{x.cpu});
    case XEN_SYSCTL_CPU_HOTPLUG_SMT_ENABLE:
    case XEN_SYSCTL_CPU_HOTPLUG_SMT_DISABLE:
        if (arch::threads_per_core() < 2) return refuse(Errno::opnotsupp, "the processor has one thread a core");
        return set_second_threads(x.op == XEN_SYSCTL_CPU_HOTPLUG_SMT_ENABLE);
    default: return refuse(Errno::opnotsupp, "op is %u: there is no such one", x.op);
    }
}

}  // namespace xen::control
