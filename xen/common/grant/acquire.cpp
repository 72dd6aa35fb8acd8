// SPDX-License-Identifier: MIT
#include "common/grant/acquire.hpp"

#include <xen/guest_frames.hpp>

namespace xen::grant {

namespace {

struct Request {
    Domain& granter;
    u32 ref;
    DomId by;
    bool read_only;
    u64 unit() const { return read_only ? Pins::kHostRead : Pins::kHostWrite; }
};

bool needs_marks(const ActiveEntry& a, const Request& r) {
    return !a.pins || (!r.read_only && !a.pins.has_writers());
}

[[gnu::always_inline]] inline s16 mark(const SharedEntry& e, const ActiveEntry& a, const Request& r) {
    Use use{.by = r.by, .read_only = r.read_only, .mapping = false, .pinned = static_cast<bool>(a.pins)};
    return mark_used(e, use);
}

[[gnu::noinline, gnu::cold]] s16 refuse(SharedEntry e, const ActiveEntry& a, const Request& r, s16 why) {
    mark_unused(e, a.pins, !r.read_only);
    return why;
}

// What the shared entry grants at this moment.
struct Granted {
    u64 frame;
    u16 start, length;
    bool sub_page;
};
[[gnu::always_inline]] inline Granted granted_by(const SharedEntry& e) {
    if (e.v2 && (flags_of(e.load()) & GTF_sub_page)) {
        const auto& part = e.wide()->sub_page;
        return {shared_load(part.frame), shared_load(part.page_off), shared_load(part.length), true};
    }
    return {e.frame(), 0, kPageSize, false};
}

[[gnu::always_inline]] inline s16 acquire_direct(ActiveEntry& a, const SharedEntry& e, const Request& r, Acquired& out) REQUIRES(a.lock) {
    bool marked = needs_marks(a, r);
    if (marked)
        if (s16 s = mark(e, a, r); s != GNTST_okay) return s;
    Granted grant{a.frame, a.start, a.length, a.sub_page};
    Maybe<Mfn> found = Mfn{grant.frame};
    if (!a.pins) {
        grant = granted_by(e);
        found = GuestFrames::find(r.granter, Gfn{grant.frame});
    }
    if (!found) return refuse(e, a, r, GNTST_bad_page);
    Mfn frame = *found;
    if (!mfn_valid(frame) || !get_page(page_of(frame), r.granter)) [[unlikely]]
        return refuse(e, a, r, marked ? GNTST_bad_page : GNTST_bad_domain);
    PageRef page = PageRef::adopt(page_of(frame));
    if (!marked && r.granter.is_dying()) [[unlikely]] return refuse(e, a, r, GNTST_bad_domain);
    if (!a.pins) {
        a.domid = r.by;
        a.frame = static_cast<u32>(frame.raw());
        a.start = grant.start;
        a.length = grant.length;
        a.sub_page = grant.sub_page;
        a.via_domid = r.granter.id;
        a.via_ref = r.ref;
    }
    a.pins.counts += r.unit();
    out.page = std::move(page);
    out.start = a.start;
    out.length = a.length;
    return GNTST_okay;
}

bool same_grant(const ActiveEntry& a, const Request& r, const Acquired& use) {
    return a.domid == r.by && Mfn{a.frame} == use.page.mfn() && a.start == use.start && a.length == use.length &&
           a.via_domid == use.via->id && a.via_ref == use.via_ref && a.sub_page;
}

// With the grant behind it acquired: the entry must be as it was, or everybody starts over.
s16 finish_transitive(Table& t, const Request& r, const Pins& before, s16 behind, Acquired& out) {
    ReadGuard g{t.lock};
    // A change of version has wiped the entry and our mark.
    if (!t.is_v2()) return behind == GNTST_okay ? kTryAgain : behind;
    auto [e, active] = t.find_in_use(r.ref);
    ActiveEntry& a = *active;
    Guard ag{a.lock};
    if (behind != GNTST_okay) return refuse(e, a, r, behind);
    if (a.pins.counts != before.counts || (before && !same_grant(a, r, out)))
        return refuse(e, a, r, kTryAgain);
    if (!before) {
        a.domid = r.by;
        a.frame = static_cast<u32>(out.page.mfn().raw());
        a.start = out.start;
        a.length = out.length;
        a.via_domid = out.via->id;
        a.via_ref = out.via_ref;
        a.sub_page = true;   // whatever is behind it: a transitive grant is never mapped
    }
    a.pins.counts += r.unit();
    return GNTST_okay;
}

// The part of a transitive acquisition under the entry's lock: marks it and finds out where it leads.
[[gnu::noinline]] s16 begin_transitive(ActiveEntry& a, SharedEntry e, const Request& r, bool follow, Acquired& out)
    REQUIRES(a.lock) {
    if (needs_marks(a, r))
        if (s16 s = mark(e, a, r); s != GNTST_okay) return s;
    if (!follow) return refuse(e, a, r, GNTST_general_error);
    DomId via{shared_load(e.wide()->transitive.trans_domid)};
    out.via_ref = shared_load(e.wide()->transitive.gref);
    if (via == r.granter.id) return refuse(e, a, r, GNTST_general_error);
    out.via = find_granter(via);
    return out.via ? s16{GNTST_okay} : refuse(e, a, r, GNTST_general_error);
}

// The rest of one, with no lock held.
[[gnu::noinline]] s16 acquire_behind(const Request& r, const Pins& before, Acquired& out) {
    Acquired behind;
    s16 s = acquire(*out.via, out.via_ref, r.granter.id, r.read_only, false, behind);
    out.page = std::move(behind.page);
    out.start = behind.start;
    out.length = behind.length;
    s16 result = finish_transitive(*r.granter.grants, r, before, s, out);
    if (result != GNTST_okay) {
        out.page.reset();
        if (s == GNTST_okay) release(*out.via, out.via_ref, r.read_only, behind);
        out.via = nullptr;
    }
    return result;
}

}  // namespace

s16 acquire(Domain& granter, u32 ref, DomId by, bool read_only, bool follow, Acquired& out) {
    Request r{granter, ref, by, read_only};
    Pins before;
    {
        Table& t = *granter.grants;
        ReadGuard g{t.lock};
        auto [e, a] = t.entry(ref);
        if (!e) [[unlikely]] return ref < t.entries() ? GNTST_general_error : GNTST_bad_gntref;
        if (!a) [[unlikely]] return GNTST_no_space;
        Guard ag{a->lock};
        if (a->pins && (a->domid != by || a->pins.full_for(r.unit()))) return GNTST_general_error;
        if (!e.v2 || (flags_of(e.load()) & GTF_type_mask) != GTF_transitive) return acquire_direct(*a, e, r, out);
        before = a->pins;
        if (s16 s = begin_transitive(*a, e, r, follow, out); s != GNTST_okay) return s;
    }
    return acquire_behind(r, before, out);
}

void release(Domain& granter, u32 ref, bool read_only, Acquired& use) {
    {
        Table& t = *granter.grants;
        ReadGuard g{t.lock};
        auto [e, a] = t.in_use(ref);
        Guard ag{a->lock};
        a->pins.counts -= read_only ? Pins::kHostRead : Pins::kHostWrite;
        mark_unused(e, a->pins, !read_only);
    }
    if (!use.via) return;
    Acquired end;   // one step only: the grant behind is direct
    release(*use.via, use.via_ref, read_only, end);
    use.via = nullptr;
}

}  // namespace xen::grant
