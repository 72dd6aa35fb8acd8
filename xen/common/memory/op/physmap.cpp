// SPDX-License-Identifier: MIT
// Changes of a guest's physical map, and resources that a domain may map of another. PV guests place frames
// themselves: of the first only the checks are left for them, and Errno::acces for who passes these.
#include <xen/config/grant_table.hpp>
#include <xen/grant.hpp>
#include <xen/guest_frames.hpp>
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

// The list tells a PV caller the machine frame, and a translated one says where it wants it.
Status hand_out(Domain& d, const xen_mem_acquire_resource& x, u64 i, Mfn f) {
    if constexpr (!GuestFrames::kTranslated) {
        return guest_out(x.frame_list).copy_out(static_cast<xen_pfn_t>(f.raw()), i);
    } else {
        u64 at = TRY(GuestIn<xen_pfn_t>{guest_out(x.frame_list).raw()}.copy_in(i));
        return arch::map_resource(current_domain(), Gfn{at}, f, d);
    }
}

[[maybe_unused]] Errno places_itself() { return refuse(Errno::acces, "a PV guest places its frames by itself"); }

// A list's element; its own result is the caller's to see.
Status add_one(Domain& d, const xen_add_to_physmap_batch& x, u64 i, Domain* foreign) {
    u64 index = TRY(guest_in(x.idxs).copy_in(i));
    u64 at = TRY(guest_in(x.gpfns).copy_in(i));
    Status s = arch::add_to_physmap(d, x.space, index, Gfn{at}, foreign);
    return guest_out(x.errs).copy_out(static_cast<int>(abi_value(s)), i);
}

// Of translated domains alone.
[[maybe_unused]] Result<s64> add_all(Domain& d, const xen_add_to_physmap_batch& x, u64 start) {
    DomainRef foreign;
    if (x.space == XENMAPSPACE_gmfn_foreign) {
        foreign = TRY(domain::find_or_self(DomId{x.u.foreign_domid}));
        TRY(security::may(security::Op::mmu_foreign, *foreign));
    } else if (x.u.res0) {
        return refuse(Errno::inval, "foreign_domid is %u, and space is %u", x.u.res0, x.space);
    }
    for (u64 i = start; i < x.size; ++i) {
        if (i != start && hypercall::preempt_due()) return progress(XENMEM_add_to_physmap_batch, i);
        TRY(add_one(d, x, i, foreign.get()));
    }
    return 0;
}

}  // namespace

Result<s64> add_to_physmap(Arg arg) {
    auto x = TRY(arg.copy_in<xen_add_to_physmap>());
    // The foreign space needs a second domain and has its own call.
    if (x.space == XENMAPSPACE_gmfn_foreign) return Errno::nosys;
    DomainRef d = TRY(target(x.domid));
    TRY(security::may(security::Op::physmap_add, *d));
    if constexpr (!GuestFrames::kTranslated) return places_itself();
    else TRY(arch::add_to_physmap(*d, x.space, x.idx, Gfn{x.gpfn}, nullptr));
    return 0;
}

Result<s64> add_to_physmap_batch(Arg arg, u64 start) {
    auto x = TRY(arg.copy_in<xen_add_to_physmap_batch>());
    if (x.size < start) return Errno::ilseq;
    if (x.space == XENMAPSPACE_gmfn_range) return Errno::opnotsupp;  // a list names each frame
    DomainRef d = TRY(target(x.domid));
    TRY(security::may(security::Op::physmap_add, *d));
    if constexpr (!GuestFrames::kTranslated) return places_itself();
    else return add_all(*d, x, start);
}

Result<s64> remove_from_physmap(Arg arg) {
    auto x = TRY(arg.copy_in<xen_remove_from_physmap>());
    DomainRef d = TRY(target(x.domid));
    TRY(security::may(security::Op::physmap_remove, *d));
    if constexpr (!GuestFrames::kTranslated) return places_itself();
    else TRY(arch::remove_from_physmap(*d, Gfn{x.gpfn}));
    return 0;
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
        TRY(hand_out(d, x, i, f));
    }
    return 0;
}

}  // namespace xen::memory
