// SPDX-License-Identifier: MIT
// GNTTABOP_map_grant_ref. In steps, each undone when a later one fails: a handle, the entry's use, the page's
// references, the guest's page-table entry.
#include <xen/hypercall.hpp>
#include <xen/security.hpp>
#include <xen/trace.hpp>

#include "common/grant/table.hpp"

namespace xen::grant {

namespace {

struct Request {
    Domain& granter;
    DomId by;
    u32 ref;
    u32 flags;
    bool read_only() const { return flags & GNTMAP_readonly; }
    u64 unit() const { return Pins::unit_of(flags); }
};

// The frame that an entry names, when its first use begins; it has a reference then.
s16 begin_use(ActiveEntry& a, const SharedEntry& e, const Request& r) REQUIRES(a.lock) {
    u64 frame = e.frame();
    if (!mfn_valid(Mfn{frame}) || !get_page(page_of(Mfn{frame}), r.granter)) {
        mark_unused(e, a.pins, !r.read_only());
        return GNTST_bad_page;
    }
    a.frame = static_cast<u32>(frame);
    a.domid = r.by;
    a.via_domid = r.granter.id;
    a.via_ref = r.ref;
    a.start = 0;
    a.length = kPageSize;
    a.sub_page = false;
    return GNTST_okay;
}

// Counts the use. Where it is the entry's first, the page has got a reference: `counted`.
s16 pin(const Request& r, Mfn& frame, bool& counted) {
    Table& t = *r.granter.grants;
    ReadGuard g{t.lock};
    if (r.ref >= t.entries()) return GNTST_bad_gntref;
    auto [e, a] = t.entry(r.ref);
    if (!e) return GNTST_general_error;
    if (!a) return GNTST_no_space;
    Guard ag{a->lock};
    Pins pins = a->pins;
    if (pins && (a->domid != r.by || pins.full_for(r.unit()) || a->sub_page)) return GNTST_general_error;
    if (!pins || (!r.read_only() && !pins.has_writers())) {
        Use use{.by = r.by, .read_only = r.read_only(), .mapping = true, .pinned = static_cast<bool>(pins)};
        if (s16 s = mark_used(e, use); s != GNTST_okay) return s;
        counted = !pins;
        if (counted)
            if (s16 s = begin_use(*a, e, r); s != GNTST_okay) return s;
    }
    a->pins.counts = pins.counts + r.unit();
    frame = Mfn{a->frame};
    return GNTST_okay;
}

void unpin(const Request& r) {
    Table& t = *r.granter.grants;
    ReadGuard g{t.lock};
    auto [e, a] = t.in_use(r.ref);
    Guard ag{a->lock};
    a->pins.counts -= r.unit();
    mark_unused(e, a->pins, !r.read_only());
}

// References of the page until the mapping takes them over: one for each way it is used, with the writable type
// where it writes.
class Holds {
public:
    explicit Holds(PageInfo& page) : page_{page} {}
    ~Holds() {
        while (types_--) put_page_type(page_);
        while (refs_--) put_page(page_);
    }
    Holds(const Holds&) = delete;
    Holds& operator=(const Holds&) = delete;
    bool add_type() {
        if (!get_page_type(page_, PageType::writable)) return false;
        ++types_;
        return true;
    }
    bool add_reference(const Domain& owner) {
        if (!get_page(page_, owner)) return false;
        ++refs_;
        return true;
    }
    void hand_over() { refs_ = types_ = 0; }

private:
    PageInfo& page_;
    unsigned refs_ = 1, types_ = 0;
};

// Takes over one reference of the page.
s16 map_page(const Request& r, u64 host_addr, Mfn frame) {
    Holds holds{page_of(frame)};
    if (!r.read_only() && !holds.add_type()) return GNTST_general_error;
    if ((r.flags & Mapping::kMapped) == Mapping::kMapped)
        if (!holds.add_reference(r.granter) || (!r.read_only() && !holds.add_type())) return GNTST_general_error;
    if (r.flags & GNTMAP_host_map)
        if (s16 s = arch::map_grant(host_addr, frame, r.flags, 0); s != GNTST_okay) return s;
    holds.hand_over();
    return GNTST_okay;
}

s16 pin_and_map(const Request& r, u64 host_addr, Mfn& frame) {
    bool counted = false;
    if (s16 s = pin(r, frame, counted); s != GNTST_okay) return s;
    // In use already: its page has references, unless the owner is giving its pages up while it dies.
    if (!counted) counted = get_page(page_of(frame), r.granter);
    s16 s = counted ? map_page(r, host_addr, frame) : s16{GNTST_general_error};
    if (s != GNTST_okay) unpin(r);
    return s;
}

s16 map_one(gnttab_map_grant_ref& op) {
    if (!(op.flags & Mapping::kMapped)) return GNTST_bad_gntref;
    Domain* granter = find_granter(DomId{op.dom});
    if (!granter) return GNTST_bad_domain;
    if (!security::may(security::Op::grant_map, *granter)) return GNTST_permission_denied;

    Domain& d = current_domain();
    MapTrack& track = d.grants->maptrack;
    Maybe<u32> handle = track.take();
    if (!handle) return GNTST_no_space;
    Request r{*granter, d.id, op.ref, op.flags};
    Mfn frame;
    if (s16 s = pin_and_map(r, op.host_addr, frame); s != GNTST_okay) {
        track.give(*handle);
        return s;
    }
    Mapping& m = track.at(*handle);
    m.ref = op.ref;
    m.frame = static_cast<u32>(frame.raw());
    m.domid = op.dom;
    m.serial = granter->grants->serial;
    m.flags.store(op.flags & ~Mapping::kBusy, std::memory_order_release);
    trace::put(TRC_MEM_PAGE_GRANT_MAP, op.dom);
    op.dev_bus_addr = address_of(frame).raw();
    op.handle = *handle;
    return GNTST_okay;
}

}  // namespace

Result<u32> map_grant_refs(GuestInOut<gnttab_map_grant_ref> uop, u32 count) {
    for (u32 i = 0; i < count; ++i) {
        if (i && hypercall::preempt_due()) return i;
        gnttab_map_grant_ref op = TRY(uop.copy_in(i));
        op.status = map_one(op);
        TRY(uop.copy_out(op, i));
    }
    return count;
}

}  // namespace xen::grant
