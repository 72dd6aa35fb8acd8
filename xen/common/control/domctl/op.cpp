// SPDX-License-Identifier: MIT
#include <xen/arch_control.hpp>
#include <xen/cpupool.hpp>
#include <xen/hypercall.hpp>
#include <xen/refusal.hpp>
#include <xen/security.hpp>

#include "common/control/domain_info.hpp"
#include "common/control/domctl/domctl.hpp"
#include "common/control/names.hpp"

namespace xen::control {
namespace {

using namespace domctls;

Spinlock<LockRank::domctl> lock;

Status set_debugging(Domain& d, bool on) {
    TRY(not_itself(d));
    d.debugger_attached = on;
    return {};
}

Status dispatch(xen_domctl& op, Domain& d, bool& changed) {
    switch (op.cmd) {
    case XEN_DOMCTL_destroydomain: TRY(not_itself(d)); return domain::kill(d);
    case XEN_DOMCTL_pausedomain: TRY(not_itself(d)); return domain::pause_by_controller(d);
    case XEN_DOMCTL_unpausedomain: return domain::unpause_by_controller(d);
    case XEN_DOMCTL_resumedomain:
        TRY(not_itself(d));
        domain::resume(d);
        return {};
    case XEN_DOMCTL_soft_reset:
    case XEN_DOMCTL_soft_reset_cont: return refuse(Errno::inval, "for HVM domains only");
    case XEN_DOMCTL_getdomaininfo:
        changed = true;
        op.u.getdomaininfo = domain_info(d);
        op.domain = op.u.getdomaininfo.domain;
        return {};
    case XEN_DOMCTL_max_vcpus: return max_vcpus(d, op.u.max_vcpus);
    case XEN_DOMCTL_max_mem: return max_memory(d, op.u.max_mem);
    case XEN_DOMCTL_setdomainhandle: return set_handle(d, op.u.setdomainhandle);
    case XEN_DOMCTL_settimeoffset: return set_time_offset(d, op.u.settimeoffset);
    case XEN_DOMCTL_set_virq_handler: return domctls::set_virq_handler(d, op.u.set_virq_handler);
    case XEN_DOMCTL_subscribe: d.suspend_port = op.u.subscribe.port; return {};
    case XEN_DOMCTL_setdebugging: return set_debugging(d, op.u.setdebugging.enable != 0);
    case XEN_DOMCTL_getvcpuinfo: changed = true; return vcpu_info(d, op.u.getvcpuinfo);
    case XEN_DOMCTL_getvcpuaffinity: return get_affinity(d, op.u.vcpuaffinity);
    case XEN_DOMCTL_setvcpuaffinity: return set_affinity(d, op.u.vcpuaffinity);
    case XEN_DOMCTL_getnodeaffinity: return get_node_affinity(d, op.u.nodeaffinity);
    case XEN_DOMCTL_setnodeaffinity: return set_node_affinity(d, op.u.nodeaffinity);
    case XEN_DOMCTL_getvcpucontext: changed = true; return domctls::get_context(d, op.u.vcpucontext);
    case XEN_DOMCTL_setvcpucontext: return domctls::set_context(d, op.u.vcpucontext);
    case XEN_DOMCTL_scheduler_op: changed = true; return sched::scheduler_op(d, op.u.scheduler_op);
    case XEN_DOMCTL_irq_permission: return irq_permission(d, op.u.irq_permission);
    case XEN_DOMCTL_iomem_permission: return memory_permission(d, op.u.iomem_permission);
    case XEN_DOMCTL_ioport_permission: return port_permission(d, op.u.ioport_permission);
    default: return arch::domctl(op, d, changed);
    }
}

// getdomaininfo walks the domains: it tells of the first one with this id or a higher one.
Result<DomainRef> at_least(u16 id) {
    if (id >= kFirstReservedDom) return refuse(Errno::inval, "domain %u is none", id);
    for (Domain* d = domain::first(); d; d = domain::next(*d))
        if (d->id.raw() >= id) return domain::find(d->id);
    return Errno::srch;
}

// Which item of a list was refused, or how many there would have been.
bool tells_of_failure(u32 cmd) {
    return cmd == XEN_DOMCTL_set_cpu_policy || cmd == XEN_DOMCTL_get_vcpu_msrs || cmd == XEN_DOMCTL_set_vcpu_msrs;
}

Status run(xen_domctl& op, bool& changed) {
    // The one operation that needs no domain; and no device can be assigned.
    if (op.cmd == XEN_DOMCTL_test_assign_device && op.domain == DOMID_INVALID)
        return refuse(Errno::opnotsupp, "no IOMMU is in use, so that no device can be assigned");
    if (op.cmd == XEN_DOMCTL_createdomain) {
        TRY(security::may(security::Op::domctl, current_domain()));
        changed = true;
        return create(op);
    }
    refusal::concerns(DomId{op.domain});
    DomainRef d = TRY(op.cmd == XEN_DOMCTL_getdomaininfo ? at_least(op.domain) : domain::find(DomId{op.domain}));
    bool asks = op.cmd == XEN_DOMCTL_getdomaininfo;
    TRY(security::may(asks ? security::Op::domain_info : security::Op::domctl, *d));
    return dispatch(op, *d, changed);
}

// Lists of domains are read until there is none, and sizes asked for by lists without room.
bool how_lists_end(u32 cmd, Errno e) { return e == Errno::srch ? cmd == XEN_DOMCTL_getdomaininfo : e == Errno::nobufs; }

}  // namespace

Status not_itself(const Domain& d) {
    return &d == &current_domain() ? refuse(Errno::inval, "no domain does this to itself") : Status{};
}

Result<s64> domctl(GuestInOut<void> arg) {
    auto op = TRY(arg.copy_in<xen_domctl>());
    refusal::begin();
    if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION) {
        Errno why = refuse(Errno::acces, "interface_version is %#x, ours is %#x", op.interface_version, XEN_DOMCTL_INTERFACE_VERSION);
        refusal::report("domctl", domctl_name(op.cmd), op.cmd, why);
        return why;
    }
    bool changed = false;
    if (!lock.try_acquire()) return hypercall::continue_with(arg.raw());
    Status s = run(op, changed);
    lock.release();
    if (!s && s.error() == Errno::restart) return hypercall::continue_with(arg.raw());
    if (!s) {
        if (!how_lists_end(op.cmd, s.error())) refusal::report("domctl", domctl_name(op.cmd), op.cmd, s.error());
        if (changed && tells_of_failure(op.cmd)) TRY(arg.copy_out(op));
        return s.error();
    }
    if (changed) TRY(arg.copy_out(op));
    return 0;
}

}  // namespace xen::control
