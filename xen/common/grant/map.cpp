// SPDX-License-Identifier: MIT
// GNTTABOP_map_grant_ref. In steps, each undone when a later one fails: a handle, the entry's use, the page's
// references, the guest's page-table entry.
#include <xen/guest_frames.hpp>
#include <xen/hypercall.hpp>
#include <xen/security.hpp>
#include <xen/trace.hpp>
#include <xen/writable_page.hpp>

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
[[gnu::always_inline]] inline s16 begin_use(ActiveEntry& a, const SharedEntry& e, const Request& r) REQUIRES(a.lock) {
    Maybe<Mfn> frame = GuestFrames::find(r.granter, Gfn{e.frame()});
    if (!frame || !mfn_valid(*frame) || !get_page(page_of(*frame), r.granter)) [[unlikely]] {
        mark_unused(e, a.pins, !r.read_only());
        return GNTST_bad_page;
    }
    a.frame = static_cast<u32>(frame->raw());
    a.domid = r.by;
    a.via_domid = r.granter.id;
    a.via_ref = r.ref;
    a.start = 0;
    a.length = kPageSize;
    a.sub_page = false;
    return GNTST_okay;
}

// What pin() has done. It fits a register.
struct Pinned {
    s16 status;
    bool counted;   // the entry's first use: the page has got a reference
    u32 frame;
};

// Counts the use.
[[gnu::always_inline]] inline Pinned pin(const Request& r) {
    Table& t = *r.granter.grants;
    ReadGuard g{t.lock};
    auto [e, a] = t.entry(r.ref);
    if (!e) [[unlikely]] return {r.ref < t.entries() ? s16{GNTST_general_error} : s16{GNTST_bad_gntref}, false, 0};
    if (!a) [[unlikely]] return {GNTST_no_space, false, 0};
    Guard ag{a->lock};
    Pins pins = a->pins;
    if (pins && (a->domid != r.by || pins.full_for(r.unit()) || a->sub_page)) return {GNTST_general_error, false, 0};
    if (!pins || (!r.read_only() && !pins.has_writers())) {
        Use use{.by = r.by, .read_only = r.read_only(), .mapping = true, .pinned = static_cast<bool>(pins)};
        if (s16 s = mark_used(e, use); s != GNTST_okay) return {s, false, 0};
        if (!pins)
            if (s16 s = begin_use(*a, e, r); s != GNTST_okay) return {s, false, 0};
    }
    a->pins.counts = pins.counts + r.unit();
    return {GNTST_okay, !pins, a->frame};
}

// Its argument is a copy, so that the caller keeps its own in registers.
[[gnu::noinline, gnu::cold]] void unpin(Request r) {
    Table& t = *r.granter.grants;
    ReadGuard g{t.lock};
    auto [e, a] = t.find_in_use(r.ref);
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
        if (refs_) [[unlikely]] give_back(page_, refs_, types_);
    }
    Holds(const Holds&) = delete;
    Holds& operator=(const Holds&) = delete;
    bool add_type() {
        if (!writable_page::get(page_)) return false;
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
    [[gnu::noinline, gnu::cold]] static void give_back(PageInfo& page, unsigned refs, unsigned types) {
        while (types--) put_page_type(page);
        while (refs--) put_page(page);
    }

    PageInfo& page_;
    unsigned refs_ = 1, types_ = 0;
};

// Takes over one reference of the page.
[[gnu::always_inline]] inline s16 map_page(const Request& r, u64 host_addr, Mfn frame) {
    Holds holds{page_of(frame)};
    if (!r.read_only() && !holds.add_type()) return GNTST_general_error;
    if ((r.flags & Mapping::kMapped) == Mapping::kMapped)
        if (!holds.add_reference(r.granter) || (!r.read_only() && !holds.add_type())) return GNTST_general_error;
    if (r.flags & GNTMAP_host_map)
        if (s16 s = arch::map_grant(host_addr, frame, r.flags, 0); s != GNTST_okay) return s;
    holds.hand_over();
    return GNTST_okay;
}

[[gnu::always_inline]] inline Pinned pin_and_map(const Request& r, u64 host_addr) {
    Pinned p = pin(r);
    if (p.status != GNTST_okay) [[unlikely]] return p;
    // In use already: its page has references, unless the owner is giving its pages up while it dies.
    bool counted = p.counted || get_page(page_of(Mfn{p.frame}), r.granter);
    p.status = counted ? map_page(r, host_addr, Mfn{p.frame}) : s16{GNTST_general_error};
    if (p.status != GNTST_okay) unpin(r);
    return p;
}

// Who granted, and that the caller may map it: kept from one element to the next, which mostly names the same.
class Granter {
public:
    s16 choose(DomId id) {
        if (domain_ && domain_->id == id) [[likely]] return GNTST_okay;
        domain_ = find_granter(id);
        if (!domain_) return GNTST_bad_domain;
        if (security::may(security::Op::grant_map, *domain_)) [[likely]] return GNTST_okay;
        domain_ = nullptr;
        return GNTST_permission_denied;
    }
    Domain& domain() const { return *domain_; }

private:
    Domain* domain_ = nullptr;   // stays for the hypercall (RCU)
};

// By itself, so that registers are kept once for an element.
[[gnu::noinline]] s16 map_one(gnttab_map_grant_ref& op, Domain& d, Granter& from) {
    if (!(op.flags & Mapping::kMapped)) return GNTST_bad_gntref;
    if (s16 s = from.choose(DomId{op.dom}); s != GNTST_okay) [[unlikely]] return s;
    Request r{from.domain(), d.id, op.ref, op.flags};
    MapTrack::Handle handle = d.grants->maptrack.take();
    if (!handle.record) [[unlikely]] return GNTST_no_space;
    Pinned p = pin_and_map(r, op.host_addr);
    if (p.status != GNTST_okay) [[unlikely]] {
        d.grants->maptrack.give(*handle.record, handle.number);
        return p.status;
    }
    Mapping& m = *handle.record;
    m.ref = r.ref;
    m.frame = p.frame;
    m.domid = op.dom;
    m.serial = r.granter.grants->serial;
    m.flags.store(r.flags & ~Mapping::kBusy, std::memory_order_release);
    trace::put(TRC_MEM_PAGE_GRANT_MAP, op.dom);
    op.dev_bus_addr = address_of(Mfn{p.frame}).raw();
    op.handle = handle.number;
    return GNTST_okay;
}

}  // namespace

Result<u32> map_grant_refs(GuestArray<gnttab_map_grant_ref> ops, u32 count) {
    Domain& d = current_domain();
    Granter granter;
    for (u32 i = 0; i < count; ++i) {
        if (i && hypercall::preempt_due()) return i;
        gnttab_map_grant_ref op;
        TRY(ops.copy_in(op, i));
        op.status = map_one(op, d, granter);
        TRY(ops.copy_rest_out<offsetof(gnttab_map_grant_ref, dom)>(op, i));
    }
    return count;
}

}  // namespace xen::grant
