// SPDX-License-Identifier: MIT
// GNTTABOP_copy. Successive elements mostly name the same domains, and often the same page on one side: both sides
// keep what they acquired until an element names something else.
#include <xen/guest_frames.hpp>
#include <xen/hypercall.hpp>
#include <xen/security.hpp>
#include <xen/writable_page.hpp>

#include "common/grant/acquire.hpp"
#include "lib/string.hpp"

namespace xen::grant {

namespace {

template <bool kReadOnly>
class Side {
public:
    explicit Side(Domain& self) : self_{self} {}
    ~Side() { drop_page(); }
    Side(const Side&) = delete;
    Side& operator=(const Side&) = delete;

    bool has_domain(DomId id) const { return domain_ && domid_ == id; }
    Domain& domain() const { return *domain_; }
    void drop_domain() {
        drop_page();
        domain_ = nullptr;
    }

    s16 find_domain(DomId id) {
        domid_ = id;
        domain_ = id == kDomSelf ? &self_ : find_granter(id);
        return domain_ ? GNTST_okay : GNTST_bad_domain;
    }

    // The page that `p` names, kept from before or acquired.
    s16 claim(const gnttab_copy::gnttab_copy_ptr& p, bool by_ref) {
        u64 name = by_ref ? p.u.ref : p.u.gmfn;
        if (use_.page && by_ref == by_ref_ && name == name_) return GNTST_okay;
        drop_page();
        s16 s = by_ref ? acquire(*domain_, p.u.ref, self_.id, kReadOnly, true, use_) : take_own(p.u.gmfn);
        if (s != GNTST_okay) [[unlikely]] return s;
        by_ref_ = by_ref;
        name_ = name;
        if (kReadOnly) return GNTST_okay;
        if (!writable_page::get(*use_.page)) [[unlikely]] {
            drop_page();
            return GNTST_general_error;
        }
        typed_ = true;
        return GNTST_okay;
    }

    bool holds(u32 offset, u32 bytes) const {
        return offset >= use_.start && offset + bytes <= u32{use_.start} + use_.length;
    }
    Mfn frame() const { return use_.page.mfn(); }

    // The page goes back before its entry shows that it is free.
    void drop_page() {
        if (use_.page) give_page_back();
    }

private:
    [[gnu::noinline]] void give_page_back() {   // from many places
        if (!kReadOnly && std::exchange(typed_, false)) writable_page::put(*use_.page);
        use_.page.reset();
        if (by_ref_) release(*domain_, static_cast<u32>(name_), kReadOnly, use_);
    }

    s16 take_own(u64 frame) {
        Maybe<Mfn> f = GuestFrames::find(*domain_, Gfn{frame});
        if (!f || !mfn_valid(*f) || !get_page(page_of(*f), *domain_)) [[unlikely]] return GNTST_bad_page;
        use_.page = PageRef::adopt(page_of(*f));
        use_.start = 0;
        use_.length = kPageSize;
        return GNTST_okay;
    }

    Domain& self_;
    Domain* domain_ = nullptr;   // stays for the hypercall (RCU)
    DomId domid_{};
    Acquired use_{};
    u64 name_ = 0;            // ref or frame
    bool by_ref_ = false;
    bool typed_ = false;      // holds the writable type
};
using Source = Side<true>;
using Target = Side<false>;

s16 find_domains(const gnttab_copy& op, Source& from, Target& to) {
    from.drop_domain();
    to.drop_domain();
    if (s16 s = from.find_domain(DomId{op.source.domid}); s != GNTST_okay) return s;
    if (s16 s = to.find_domain(DomId{op.dest.domid}); s != GNTST_okay) return s;
    if (!security::may(security::Op::grant_copy, from.domain(), to.domain())) return GNTST_permission_denied;
    return GNTST_okay;
}

// ABI: only the caller's own pages are named by frame.
// ABI: the source's domain is looked for first.
[[gnu::noinline, gnu::cold]] s16 not_own(const gnttab_copy::gnttab_copy_ptr& source) {
    DomId id{source.domid};
    return id == kDomSelf || find_granter(id) ? GNTST_permission_denied : GNTST_bad_domain;
}

bool may_name(const gnttab_copy::gnttab_copy_ptr& p, bool by_ref) { return by_ref || DomId{p.domid} == kDomSelf; }

s16 copy_one(const gnttab_copy& op, Source& from, Target& to) {
    bool from_ref = op.flags & GNTCOPY_source_gref, to_ref = op.flags & GNTCOPY_dest_gref;
    if (!may_name(op.source, from_ref)) return not_own(op.source);
    if (!from.has_domain(DomId{op.source.domid}) || !to.has_domain(DomId{op.dest.domid})) {
        if (!may_name(op.dest, to_ref)) return not_own(op.source);
        if (s16 s = find_domains(op, from, to); s != GNTST_okay) {
            from.drop_domain();
            to.drop_domain();
            return s;
        }
    }
    if (!may_name(op.dest, to_ref)) return GNTST_permission_denied;
    if (s16 s = from.claim(op.source, from_ref); s != GNTST_okay) return s;
    if (s16 s = to.claim(op.dest, to_ref); s != GNTST_okay) return s;
    if (u32{op.source.offset} + op.len > kPageSize || u32{op.dest.offset} + op.len > kPageSize) return GNTST_bad_copy_arg;
    if (!from.holds(op.source.offset, op.len) || !to.holds(op.dest.offset, op.len)) return GNTST_general_error;
    MappedPage<char> source{from.frame()}, dest{to.frame()};
    memmove(dest.get() + op.dest.offset, source.get() + op.source.offset, op.len);
    return GNTST_okay;
}

}  // namespace

Result<u32> copy(GuestArray<gnttab_copy> ops, u32 count) {
    Domain& self = current_domain();
    Source from{self};
    Target to{self};
    for (u32 i = 0; i < count; ++i) {
        if (i && hypercall::preempt_due()) return i;
        gnttab_copy op;
        TRY(ops.copy_in(op, i));
        s16 s = copy_one(op, from, to);
        if (s == kTryAgain) return i;
        if (s != GNTST_okay) {
            from.drop_page();
            to.drop_page();
        }
        TRY(ops.copy_member_out<offsetof(gnttab_copy, status)>(s, i));
    }
    return count;
}

}  // namespace xen::grant
