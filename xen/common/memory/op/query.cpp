// SPDX-License-Identifier: MIT
// Questions about a domain's memory, claims, and what only translated guests have.
#include <xen/guest_frames.hpp>
#include <xen/memory.hpp>
#include <xen/security.hpp>

#include "common/memory/op/op.hpp"

namespace xen::memory {
namespace {

using ull = unsigned long long;   // as printed

}  // namespace

Result<s64> query_domain(u64 op, Arg arg) {
    auto asked = TRY(arg.copy_in<xen_memory_domain>());
    DomainRef d = TRY(target(asked.domid));
    TRY(security::may(security::Op::memory_stat, *d));
    const Domain& target = *d;
    if (op == XENMEM_current_reservation) return static_cast<s64>(target.tot_pages);
    if (op == XENMEM_maximum_reservation) return static_cast<s64>(target.max_pages);
    u64 frames = GuestFrames::count(target);
    return static_cast<s64>(frames ? frames - 1 : 0);
}

Result<s64> claim_pages(Arg arg) {
    auto r = TRY(arg.copy_in<xen_memory_reservation>());
    if (r.extent_start.p) return refuse(Errno::inval, "extent_start: a claim has no list");
    refusal::concerns(DomId{r.domid});
    auto ref = domain::find(DomId{r.domid});
    if (!ref) return refuse(Errno::inval, "domid is %u: there is no such domain", r.domid);
    Domain& d = *ref.value();
    TRY(security::may(security::Op::memory_claim, d));
    if (r.extent_order || r.mem_flags) return refuse(Errno::inval, "extent_order %u, mem_flags %#x: neither is for claims", r.extent_order, r.mem_flags);
    u64 free = free_pages();
    Guard g{d.page_lock};
    if (r.nr_extents == 0) {
        set_claim(d, 0);
        return 0;
    }
    if (d.outstanding_claims) return refuse(Errno::inval, "it has a claim of %llu pages already", ull{d.outstanding_claims});
    if (r.nr_extents > d.max_pages || r.nr_extents <= d.tot_pages)
        return refuse(Errno::inval, "nr_extents is %llu: it has %llu pages and may have %llu", ull{r.nr_extents}, ull{d.tot_pages},
                      ull{d.max_pages});
    u64 wanted = r.nr_extents - d.tot_pages;
    if (wanted + claimed_pages() > free)
        return refuse(Errno::nomem, "%llu pages wanted, %llu free on the host, %llu of these claimed", ull{wanted}, ull{free},
                      ull{claimed_pages()});
    set_claim(d, wanted);
    return 0;
}

Result<s64> pod_target(Arg arg) {
    auto t = TRY(arg.copy_in<xen_pod_target>());
    DomainRef d = TRY(target(t.domid));
    TRY(security::may(security::Op::memory_pod, *d));
    return refuse(Errno::inval, "populate-on-demand is for translated guests");
}

Result<s64> get_vnumainfo(Arg arg) {
    auto t = TRY(arg.copy_in<xen_vnuma_topology_info>());
    if (t.pad) return Errno::inval;
    DomainRef d = TRY(target(t.domid));
    return refuse(Errno::opnotsupp, "it has no virtual nodes");
}

Result<s64> access_op(Arg arg) {
    auto x = TRY(arg.copy_in<xen_mem_access_op>());
    auto d = domain::find(DomId{x.domid});
    if (!d) return Errno::srch;
    refusal::concerns(DomId{x.domid});
    if (d.value().get() == &current_domain()) return refuse(Errno::perm, "domid is the caller itself");
    return refuse(Errno::nodev, "a PV guest's accesses are not monitored");
}

}  // namespace xen::memory
