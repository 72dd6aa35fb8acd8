// SPDX-License-Identifier: MIT
// GNTTABOP_transfer: a page changes its owner. ABI: once the page was the caller's to give, it is gone from it, even
// when the receiver does not take it.
#include <xen/arch_memory.hpp>
#include <xen/guest_frames.hpp>
#include <xen/hypercall.hpp>
#include <xen/memory.hpp>
#include <xen/security.hpp>
#include <xen/tlb.hpp>
#include <xen/trace.hpp>

#include "common/grant/table.hpp"

namespace xen::grant {

namespace {

bool commit(Domain& to, u32 ref, DomId from) {
    Table& t = *to.grants;
    ReadGuard g{t.lock};
    if (ref >= t.entries()) return false;
    SharedEntry e = t.shared(ref);
    return e && commit_transfer(e, from);
}

bool has_room(Domain& to) {
    Guard g{to.page_lock};
    return !to.is_dying() && to.tot_pages < to.max_pages;
}

// The receiver learns its frame, and the machine-to-phys table where the receiver puts it.
void announce(Domain& to, u32 ref, Mfn frame) {
    Table& t = *to.grants;
    ReadGuard g{t.lock};
    SharedEntry e = t.shared(ref);
    arch::note_frame(frame, e.frame());
    if (e.v2) shared_store(reinterpret_cast<grant_entry_v2*>(e.header)->full_page.frame, frame.raw());
    else shared_store(reinterpret_cast<grant_entry_v1*>(e.header)->frame, static_cast<u32>(frame.raw()));
    __atomic_fetch_or(e.header, u32{GTF_transfer_completed}, __ATOMIC_SEQ_CST);
}

s16 give(Domain& from, PageInfo& page, const gnttab_transfer& op) {
    Domain* to = find_granter(DomId{op.domid});
    if (!to) return GNTST_bad_domain;
    Domain& receiver = *to;
    if (!security::may(security::Op::grant_transfer, receiver)) return GNTST_permission_denied;
    if (!has_room(receiver) || !commit(receiver, op.ref, from.id)) return GNTST_general_error;
    if (!memory::assign_pages(receiver, page, Order{0})) return GNTST_general_error;
    announce(receiver, op.ref, page.mfn());
    trace::put(TRC_MEM_PAGE_GRANT_TRANSFER, op.domid);
    return GNTST_okay;
}

s16 transfer_one(const gnttab_transfer& op) {
    Domain& d = current_domain();
    if (GuestFrames::kTranslated) return GNTST_bad_page;   // ABI: such a domain's pages stay with it
    Mfn frame{op.mfn};
    if (!mfn_valid(frame)) return GNTST_bad_page;
    PageInfo& page = page_of(frame);
    if (!memory::steal_page(d, page)) return GNTST_bad_page;
    // Whoever could read it through a mapping that is gone now, a grant's too, must not read what its next owner has there.
    tlb::flush_mask(cpu_online);
    s16 s = give(d, page, op);
    if (s != GNTST_okay) memory::free_frames(page, Order{0}, true);
    return s;
}

}  // namespace

Result<u32> transfer(GuestInOut<gnttab_transfer> uop, u32 count) {
    for (u32 i = 0; i < count; ++i) {
        if (i && hypercall::preempt_due()) return i;
        gnttab_transfer op = TRY(uop.copy_in(i));
        op.status = transfer_one(op);
        TRY(GuestInOut<gnttab_transfer>{uop.raw() + i * sizeof(op)}.copy_field_out(op, &gnttab_transfer::status));
    }
    return count;
}

}  // namespace xen::grant
