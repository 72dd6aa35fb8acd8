// SPDX-License-Identifier: MIT
#include <xen/arch_control.hpp>
#include <xen/cpupool.hpp>
#include <xen/hypercall.hpp>
#include <xen/refusal.hpp>
#include <xen/security.hpp>

#include "common/control/bitmap_copy.hpp"
#include "common/control/hotplug.hpp"
#include "common/control/names.hpp"
#include "common/control/sysctl/sysctl.hpp"

namespace xen::control {
namespace {

using namespace sysctls;

Spinlock<LockRank::sysctl> lock;

// `changed`: the structure goes back to the caller.
Status dispatch(xen_sysctl& op, bool& changed) {
    changed = true;
    switch (op.cmd) {
    case XEN_SYSCTL_readconsole: return read_console(op.u.readconsole);
    case XEN_SYSCTL_tbuf_op: return trace_buffers(op.u.tbuf_op);
    case XEN_SYSCTL_sched_id: op.u.sched_id.sched_id = sched::default_scheduler(); return {};
    case XEN_SYSCTL_getdomaininfolist: return domain_list(op.u.getdomaininfolist);
    case XEN_SYSCTL_debug_keys: changed = false; return debug_keys(op.u.debug_keys);
    case XEN_SYSCTL_getcpuinfo: return cpu_times(op.u.getcpuinfo);
    case XEN_SYSCTL_availheap: return free_heap(op.u.availheap);
    case XEN_SYSCTL_get_pmstat: return power_statistics(op.u.get_pmstat);
    case XEN_SYSCTL_pm_op: return power_operation(op.u.pm_op);
    case XEN_SYSCTL_cpu_hotplug: changed = false; return hotplug(op.u.cpu_hotplug);
    case XEN_SYSCTL_page_offline_op: changed = false; return offline_pages(op.u.page_offline);
    case XEN_SYSCTL_physinfo: return physinfo(op.u.physinfo);
    case XEN_SYSCTL_cputopoinfo: return topology(op.u.cputopoinfo);
    case XEN_SYSCTL_pcitopoinfo: return device_nodes(op.u.pcitopoinfo);
    case XEN_SYSCTL_numainfo: return numa(op.u.numainfo);
    case XEN_SYSCTL_cpupool_op: return pool(op.u.cpupool_op);
    case XEN_SYSCTL_scheduler_op: return sched::scheduler_op(op.u.scheduler_op);
    default: return arch::sysctl(op, changed);
    }
}

Status check(const xen_sysctl& op) {
    if (op.interface_version == XEN_SYSCTL_INTERFACE_VERSION) return security::may(security::Op::sysctl, current_domain());
    return refuse(Errno::acces, "interface_version is %#x, ours is %#x", op.interface_version, XEN_SYSCTL_INTERFACE_VERSION);
}

// Lists are read until there is no more, and sizes asked for by lists without room.
bool how_lists_end(Errno e) { return e == Errno::noent || e == Errno::nobufs; }

}  // namespace

Result<s64> sysctl(GuestInOut<void> arg) {
    auto op = TRY(arg.copy_in<xen_sysctl>());
    refusal::begin();
    if (Status s = check(op); !s) {
        refusal::report("sysctl", sysctl_name(op.cmd), op.cmd, s.error());
        return s.error();
    }
    bool changed = false;
    Status s;
    {
        if (!lock.try_acquire()) return hypercall::continue_with(arg.raw());
        s = dispatch(op, changed);
        lock.release();
    }
    if (!s && s.error() == Errno::restart) {
        if (op.cmd == XEN_SYSCTL_page_offline_op) TRY(arg.copy_out(op));   // it goes on behind what is done
        return hypercall::continue_with(arg.raw());
    }
    if (!s) {
        if (!how_lists_end(s.error())) refusal::report("sysctl", sysctl_name(op.cmd), op.cmd, s.error());
        // Sizes that were too small are told even so.
        if (changed && s.error() == Errno::nobufs) TRY(arg.copy_out(op));
        return s.error();
    }
    if (changed) TRY(arg.copy_out(op));
    return 0;
}

}  // namespace xen::control
