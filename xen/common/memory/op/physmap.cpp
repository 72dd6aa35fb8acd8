// SPDX-License-Identifier: MIT
// Changes of a guest's physical map, and resources that a domain may map of another. PV guests place frames
// themselves: of the first only the checks are left, and Errno::acces for who passes them.
#include <xen/config/grant_table.hpp>
#include <xen/grant.hpp>
#include <xen/memory.hpp>
#include <xen/security.hpp>

#include "common/memory/op/op.hpp"

namespace xen::memory {
namespace {

constexpr u32 kMostResourceFrames = 32;

Result<Mfn> resource_frame(Domain& d, const xen_mem_acquire_resource& r, u64 i) {
    if (r.type != XENMEM_resource_grant_table || !config::grant_table)
        return refuse(Errno::opnotsupp, "type is %u: a PV domain has grant tables only", r.type);
    if (r.id > XENMEM_resource_grant_table_id_status) return refuse(Errno::inval, "id is %u: there is no such table", r.id);
    return grant::frame_of(d, r.frame + i, r.id == XENMEM_resource_grant_table_id_status);
}

// ABI: of an emulator's servers or a trace buffer a PV guest has none, and the size of nothing is a wrong question.
Result<u64> resource_size(const Domain& d, const xen_mem_acquire_resource& r) {
    if (r.type == XENMEM_resource_ioreq_server || r.type == XENMEM_resource_vmtrace_buf) return Errno::inval;
    // ABI: of what is unknown the size is told, too: the error's number.
    if (r.type != XENMEM_resource_grant_table || !config::grant_table) return u64{0} - static_cast<u64>(Errno::opnotsupp);
    if (r.id == XENMEM_resource_grant_table_id_status) return u64{grant::max_status_frame_count(d)};
    if (r.id != XENMEM_resource_grant_table_id_shared) return Errno::inval;
    return u64{grant::max_frame_count(d)};
}

}  // namespace

Result<s64> add_to_physmap(Arg arg) {
    auto x = TRY(arg.copy_in<xen_add_to_physmap>());
    // The foreign space needs a second domain and has its own call.
    if (x.space == XENMAPSPACE_gmfn_foreign) return Errno::nosys;
    DomainRef d = TRY(target(x.domid));
    TRY(security::may(security::Op::physmap_add, *d));
    return refuse(Errno::acces, "a PV guest places its frames by itself");
}

Result<s64> add_to_physmap_batch(Arg arg, u64 start) {
    auto x = TRY(arg.copy_in<xen_add_to_physmap_batch>());
    if (x.size < start) return Errno::ilseq;
    if (x.space == XENMAPSPACE_gmfn_range) return Errno::opnotsupp;  // a list names each frame
    DomainRef d = TRY(target(x.domid));
    TRY(security::may(security::Op::physmap_add, *d));
    return refuse(Errno::acces, "a PV guest places its frames by itself");
}

Result<s64> remove_from_physmap(Arg arg) {
    auto x = TRY(arg.copy_in<xen_remove_from_physmap>());
    DomainRef d = TRY(target(x.domid));
    TRY(security::may(security::Op::physmap_remove, *d));
    return refuse(Errno::acces, "a PV guest places its frames by itself");
}

Result<s64> acquire_resource(Arg arg, u64 start) {
    auto x = TRY(arg.copy_in<xen_mem_acquire_resource>());
    if (x.pad != 0) return Errno::inval;
    auto ref = domain::find(DomId{x.domid});
    if (!ref) return Errno::srch;
    Domain& d = *ref.value();
    refusal::concerns(d.id);
    if (&d == &current_domain()) return refuse(Errno::perm, "domid is the caller itself");
    TRY(security::may(security::Op::resource_map, d));
    if (!x.frame_list.p) {
        if (x.nr_frames) return Errno::inval;
        x.nr_frames = static_cast<u32>(TRY(resource_size(d, x)));
        TRY(arg.copy_field_out(x, &xen_mem_acquire_resource::nr_frames));
        return 0;
    }
    if (x.nr_frames == 0 || x.frame + x.nr_frames < x.frame) return Errno::inval;
    for (u64 i = start; i < x.nr_frames; ++i) {
        if (i - start >= kMostResourceFrames && hypercall::preempt_due()) return progress(XENMEM_acquire_resource, i);
        Mfn f = TRY(resource_frame(d, x, i));
        TRY(guest_out(x.frame_list).copy_out(static_cast<xen_pfn_t>(f.raw()), i));
    }
    return 0;
}

}  // namespace xen::memory
