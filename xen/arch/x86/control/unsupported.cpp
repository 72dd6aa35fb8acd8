// SPDX-License-Identifier: MIT
// Operations of domctl that concern HVM domains, an IOMMU, or monitoring. ABI: each ends in the error that
// Xen gives for a PV domain on a machine without these.
#include <xen/hypercall.hpp>
#include <xen/rangeset.hpp>
#include <xen/refusal.hpp>

#include "arch/x86/control/vcpu_state.hpp"

namespace xen::arch {
namespace {

bool is_self(const Domain& d) { return &d == &current_domain(); }

// A PV domain maps what it may touch by itself.
Status map_memory(const xen_domctl_memory_mapping& x) {
    constexpr u64 kMost = 64, kFrames = u64{1} << 40;
    u64 last = x.first_mfn + x.nr_mfns - 1, last_gfn = x.first_gfn + x.nr_mfns - 1;
    if (last < x.first_mfn || last_gfn < x.first_gfn || last >= kFrames || last_gfn >= kFrames) return Errno::inval;
    if (x.nr_mfns > kMost) return Errno::toobig;
    return current_domain().io_memory->contains(x.first_mfn, last) ? Status{} : Errno::perm;
}

Status set_target(const Domain& d, const xen_domctl_set_target& x) {
    DomainRef target = TRY(domain::find(DomId{x.target}));
    return target.get() == &d ? Errno::inval : Errno::opnotsupp;
}

Status virtual_numa(const Domain& d, const xen_domctl_vnuma& x) {
    bool sane = x.nr_vnodes && x.nr_vnodes <= d.max_vcpus && x.nr_vcpus == d.max_vcpus && x.nr_vmemranges && !x.pad;
    return sane ? refuse(Errno::opnotsupp, "PV domains have no virtual nodes yet") : Errno::inval;
}

}  // namespace

Status unsupported(xen_domctl& op, Domain& d) {
    switch (op.cmd) {
    case XEN_DOMCTL_gethvmcontext:
    case XEN_DOMCTL_sethvmcontext:
    case XEN_DOMCTL_gethvmcontext_partial:
    case XEN_DOMCTL_bind_pt_irq:
    case XEN_DOMCTL_unbind_pt_irq:
    case XEN_DOMCTL_debug_op:
    case XEN_DOMCTL_set_broken_page_p2m:
    case XEN_DOMCTL_vmtrace_op: return refuse(Errno::inval, "for HVM domains only");
    case XEN_DOMCTL_assign_device:
    case XEN_DOMCTL_deassign_device:
    case XEN_DOMCTL_test_assign_device:
    case XEN_DOMCTL_get_device_group:
    case XEN_DOMCTL_ioport_mapping: return refuse(Errno::opnotsupp, "no IOMMU is in use, so that no device can be assigned");
    case XEN_DOMCTL_get_paging_mempool_size:
    case XEN_DOMCTL_set_paging_mempool_size: return refuse(Errno::opnotsupp, "PV domains have no pool of page tables");
    case XEN_DOMCTL_memory_mapping: return map_memory(op.u.memory_mapping);
    case XEN_DOMCTL_set_target: return set_target(d, op.u.set_target);
    case XEN_DOMCTL_vm_event_op: return is_self(d) ? Errno::inval : Errno::nosys;
    case XEN_DOMCTL_set_access_required: return is_self(d) ? Errno::perm : Status{};
    case XEN_DOMCTL_setvnumainfo: return virtual_numa(d, op.u.vnuma);
    case XEN_DOMCTL_psr_cmt_op: return refuse(Errno::nodev, "caches are not monitored");
    case XEN_DOMCTL_psr_alloc: return op.u.psr_alloc.cmd > XEN_DOMCTL_PSR_GET_MBA_THRTL ? Errno::opnotsupp : Errno::nodev;
    case XEN_DOMCTL_monitor_op: return is_self(d) ? Errno::perm : Errno::opnotsupp;
    default: return Errno::nosys;
    }
}

}  // namespace xen::arch
