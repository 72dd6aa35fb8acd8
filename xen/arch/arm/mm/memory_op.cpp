// SPDX-License-Identifier: MIT
// What stands at a guest's frames: memory that it populates or gives up, pages of others that it maps.
#include <asm/cache.hpp>
#include <asm/p2m.hpp>
#include <xen/arch_memory.hpp>
#include <xen/grant.hpp>
#include <xen/memory.hpp>
#include <xen/rangeset.hpp>

#include "common/memory/op/op.hpp"

namespace xen::arch {
namespace {

using p2m::Entry;
using p2m::Type;

bool owns_all(const Domain& d, Mfn first, u64 frames) {
    for (u64 i = 0; i < frames; ++i) {
        if (!mfn_valid(first + i) || !get_page(page_of(first + i), d)) return false;
        put_page(page_of(first + i));
    }
    return true;
}

// A domain that has its memory where the machine has it, for its devices: what it gives up stays its own, and comes back to the
// same place.
Status populate_direct(Domain& d, Order order, Gfn at) {
    Mfn first{at.raw()};
    u64 frames = u64{1} << order.raw();
    if (!owns_all(d, first, frames)) return refuse(Errno::inval, "frame %#lx is not its own memory", at.raw());
    return p2m::map(d, at, first, frames, Type::ram);
}

// Leaves that are there take a reference by type, so that whoever maps the page keeps it.
Status map_held(Domain& d, Gfn at, PageRef page, Type type) {
    TRY(p2m::map_page(d, at, page.mfn(), type));
    page.leak();
    return {};
}

Status map_shared(Domain& d, Gfn at, Mfn page) { return map_held(d, at, TRY(PageRef::get(page, d)), Type::shared); }

Status map_grant_table(Domain& d, u64 index, Gfn at) {
    bool status = index & XENMAPIDX_grant_table_status;
    Mfn page = TRY(grant::frame_of(d, index & ~u64{XENMAPIDX_grant_table_status}, status));
    return map_shared(d, at, page);
}

Status map_foreign(Domain& d, u64 index, Gfn at, Domain* foreign) {
    if (!foreign) return Errno::nosys;
    if (foreign == &d) return refuse(Errno::inval, "foreign_domid is the domain itself");
    if (!foreign->arch.p2m) return refuse(Errno::inval, "d%u has no memory of its own", foreign->id.raw());
    Entry e;
    PageRef page = TRY(p2m::page_at(*foreign, Gfn{index}, e));
    if (!p2m::is_ram(e.type) && e.type != Type::shared)
        return refuse(Errno::inval, "frame %#lx of d%u is no memory of its own", index, foreign->id.raw());
    return map_held(d, at, std::move(page), e.type == Type::ram_read_only ? Type::foreign_read_only : Type::foreign);
}

// ABI: a frame that the domain may not touch is no error.
Status map_device(Domain& d, u64 frame, Gfn at) {
    if (!d.io_memory->contains(frame)) return {};
    return p2m::map(d, at, Mfn{frame}, 1, Type::device_as_mapped);
}

}  // namespace

Status populate(Domain& d, memory::Request r, Gfn at) {
    if (d.arch.direct_map) return populate_direct(d, r.order, at);
    PageInfo& head = TRY(memory::allocate_domain_pages(d, r));
    u64 frames = u64{1} << r.order.raw();
    // The guest may look at it with its caches off.
    for (u64 i = 0; i < frames; ++i) clean_invalidate_cache(MappedPage<u8>{head.mfn() + i}.get(), kPageSize);
    Status s = p2m::map(d, at, head.mfn(), frames, Type::ram);
    for (u64 i = 0; !s && i < frames; ++i) memory::drop_allocation((&head)[i]);
    return s;
}

Status remove_page(Domain& d, Gfn gfn) {
    Entry e;
    PageRef page = TRY(p2m::page_at(d, gfn, e));
    if (!p2m::is_ram(e.type)) return Errno::inval;
    TRY(p2m::take_page(d, gfn, page.mfn(), Type::ram, Type::ram_read_only));
    if (d.arch.direct_map) return {};
    memory::drop_allocation_and_reference(*page.leak());
    return {};
}

Status add_to_physmap(Domain& d, u32 space, u64 index, Gfn at, Domain* foreign) {
    switch (space) {
    case XENMAPSPACE_shared_info: return index ? Status{Errno::inval} : map_shared(d, at, *d.arch.shared_info_mfn);
    case XENMAPSPACE_grant_table: return map_grant_table(d, index, at);
    case XENMAPSPACE_gmfn_foreign: return map_foreign(d, index, at, foreign);
    case XENMAPSPACE_dev_mmio: return map_device(d, index, at);
    default: return refuse(Errno::nosys, "space is %u", space);
    }
}

Status remove_from_physmap(Domain& d, Gfn at) {
    Entry e = TRY(p2m::lookup(d, at));
    if (e.type >= Type::device) return Errno::noent;
    return p2m::unmap(d, at, 1);
}

Status map_resource(Domain& d, Gfn at, Mfn page, Domain& owner) {
    return map_held(d, at, TRY(PageRef::get(page, owner)), Type::foreign);
}

// What x86 PV guests keep of their frames: translated domains have it in stage 2.
void note_frame(Mfn, u64) {}
void note_page(Domain&, Mfn, u64, unsigned) {}

Result<s64> memory_op(u64 op, GuestInOut<void>) {
    switch (op) {
    case XENMEM_get_sharing_freed_pages:
    case XENMEM_get_sharing_shared_pages: return 0;
    default: return Errno::nosys;
    }
}

}  // namespace xen::arch
