// SPDX-License-Identifier: MIT
// Questions about a domain's memory, claims, and what only translated guests have.
#include <xen/memory.hpp>
#include <xen/security.hpp>

#include "common/memory/op/op.hpp"

namespace xen::memory {
namespace {

u64 largest_gfn(const Domain& d) { return d.shared ? arch::max_pfn_of(*d.shared) : 0; }

}  // namespace

Result<s64> query_domain(u64 op, Arg arg) {
    auto asked = TRY(arg.copy_in<xen_memory_domain>());
    auto d = domain::find_or_self(DomId{asked.domid});
    if (!d) return Errno::srch;
    TRY(security::may(security::Op::memory_stat, *d.value()));
    const Domain& target = *d.value();
    if (op == XENMEM_current_reservation) return static_cast<s64>(target.tot_pages);
    if (op == XENMEM_maximum_reservation) return static_cast<s64>(target.max_pages);
    u64 gfn = largest_gfn(target);
    return static_cast<s64>(gfn ? gfn - 1 : 0);
}

Result<s64> claim_pages(Arg arg) {
    auto r = TRY(arg.copy_in<xen_memory_reservation>());
    if (r.extent_start.p) return Errno::inval;
    auto ref = domain::find(DomId{r.domid});
    if (!ref) return Errno::inval;
    Domain& d = *ref.value();
    TRY(security::may(security::Op::memory_claim, d));
    if (r.extent_order || r.mem_flags) return Errno::inval;
    u64 free = free_pages();
    Guard g{d.page_lock};
    if (r.nr_extents == 0) {
        set_claim(d, 0);
        return 0;
    }
    if (d.outstanding_claims) return Errno::inval;
    if (r.nr_extents > d.max_pages || r.nr_extents <= d.tot_pages) return Errno::inval;
    u64 wanted = r.nr_extents - d.tot_pages;
    if (wanted + claimed_pages() > free) return Errno::nomem;
    set_claim(d, wanted);
    return 0;
}

Result<s64> pod_target(Arg arg) {
    auto t = TRY(arg.copy_in<xen_pod_target>());
    auto d = domain::find_or_self(DomId{t.domid});
    if (!d) return Errno::srch;
    TRY(security::may(security::Op::memory_pod, *d.value()));
    return Errno::inval;  // populate-on-demand belongs to translated guests
}

Result<s64> get_vnumainfo(Arg arg) {
    auto t = TRY(arg.copy_in<xen_vnuma_topology_info>());
    if (t.pad) return Errno::inval;
    auto d = domain::find_or_self(DomId{t.domid});
    if (!d) return Errno::srch;
    return Errno::opnotsupp;  // no domain has a virtual NUMA topology
}

Result<s64> access_op(Arg arg) {
    auto x = TRY(arg.copy_in<xen_mem_access_op>());
    auto d = domain::find(DomId{x.domid});
    if (!d) return Errno::srch;
    if (d.value().get() == &current_domain()) return Errno::perm;
    return Errno::nodev;  // no memory access monitoring of PV guests
}

}  // namespace xen::memory
