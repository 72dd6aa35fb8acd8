// SPDX-License-Identifier: MIT
// GNTTABOP_unmap_grant_ref and unmap_and_replace. A batch clears page-table entries first, then flushes TLBs once,
// and only then gives the pages back to their granters.
#include <xen/hypercall.hpp>
#include <xen/log.hpp>
#include <xen/security.hpp>
#include <xen/tlb.hpp>
#include <xen/trace.hpp>
#include <xen/writable_page.hpp>

#include "common/grant/table.hpp"

namespace xen::grant {

namespace {

constexpr u32 kBatch = 32;   // unmaps for one TLB flush

// What an element asks for.
struct Request {
    u64 host_addr, dev_bus_addr, new_addr;
    u32 handle;
};

Request request_of(const gnttab_unmap_grant_ref& op) { return {op.host_addr, op.dev_bus_addr, 0, op.handle}; }
Request request_of(const gnttab_unmap_and_replace& op) { return {op.host_addr, 0, op.new_addr, op.handle}; }

// One unmap between its page-table part and its completion.
struct Unmap {
    Domain* granter;
    u32 ref;
    u32 frame;
    u32 done;                // GNTMAP_* of what has been unmapped; 0: nothing
};

[[gnu::always_inline]] inline s16 clear_entries(const Request& r, Mfn frame, u32 flags, u32& done) {
    if (r.dev_bus_addr && r.dev_bus_addr != address_of(frame).raw()) return GNTST_bad_dev_addr;
    if (r.host_addr && (flags & GNTMAP_host_map)) {
        if (s16 s = arch::unmap_grant(r.host_addr, frame, r.new_addr, flags); s < 0) return s;
        done |= GNTMAP_host_map | (flags & GNTMAP_readonly);
    }
    if (r.dev_bus_addr && (flags & GNTMAP_device_map)) done |= GNTMAP_device_map | (flags & GNTMAP_readonly);
    return GNTST_okay;
}

// The frame went with its owner: the guest has undone the mapping behind our back.
[[gnu::noinline, gnu::cold]] s16 owner_is_gone(Mapping& m, u32 flags) {
    m.flags.store(flags, std::memory_order_release);
    domain::crash(current_domain(), "unmaps a grant of a domain that is gone");
    return GNTST_bad_domain;
}

// By itself, so that registers are kept once for an element.
[[gnu::noinline]] s16 begin(const Request& r, Domain& d, Unmap& u) {
    u.done = 0;
    MapTrack& track = d.grants->maptrack;
    u32 flags;
    Mapping* m = track.claim(r.handle, flags);
    if (!m) [[unlikely]] return GNTST_bad_handle;
    Domain* granter = find_granter(*m);
    if (!granter) [[unlikely]] return owner_is_gone(*m, flags);
    if (!security::may(security::Op::grant_unmap, *granter)) {
        m->flags.store(flags, std::memory_order_release);
        return GNTST_permission_denied;
    }
    trace::put(TRC_MEM_PAGE_GRANT_UNMAP, m->domid);
    u.granter = granter;
    u.ref = m->ref;
    u.frame = m->frame;
    u32 done = 0;
    s16 s = clear_entries(r, Mfn{m->frame}, flags, done);
    u.done = done;
    u32 left = flags & ~(done & Mapping::kMapped);
    if (left & Mapping::kMapped) {
        m->flags.store(left, std::memory_order_release);
    } else {
        m->flags.store(0, std::memory_order_release);
        track.give(*m, r.handle);
    }
    return s;
}

[[gnu::always_inline]] inline void give_back(PageInfo& page, bool wrote) {
    if (wrote) writable_page::put(page);
    put_page(page);
}

// After the flush: the page goes back before its entry shows that it is free.
[[gnu::always_inline]] inline void complete(const Unmap& u, Table& t) REQUIRES_SHARED(t.lock) {
    bool wrote = !(u.done & GNTMAP_readonly);
    auto [e, a] = t.in_use(u.ref);
    Guard ag{a->lock};
    PageInfo& page = page_of(Mfn{u.frame});
    if (u.done & GNTMAP_host_map) give_back(page, wrote);
    if (u.done & GNTMAP_device_map) give_back(page, wrote);
    a->pins.counts -= Pins::unit_of(u.done);
    mark_unused(e, a->pins, wrote);
}

// The unmaps under way: made one by one, completed together when the batch ends, however it ends.
class Batch {
public:
    explicit Batch(Domain& d) : domain_{d} {}
    ~Batch() {
        if (!count_) return;
        tlb::flush_mask(domain_.dirty_cpus);
        for (u32 i = 0; i < count_;) i = complete_from(i);
    }
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;
    Unmap& add() { return unmaps_[count_++]; }

private:
    // Neighbours of one granter under one hold of its lock.
    u32 complete_from(u32 i) {
        if (!unmaps_[i].done) return i + 1;
        Domain* granter = unmaps_[i].granter;
        Table& t = *granter->grants;
        ReadGuard g{t.lock};
        for (; i < count_ && unmaps_[i].done && unmaps_[i].granter == granter; ++i) complete(unmaps_[i], t);
        return i;
    }

    Domain& domain_;
    u32 count_ = 0;
    Unmap unmaps_[kBatch];   // each filled when it is added
};

// A fault of the guest's memory ends the batch early.
template <class Op>
Status unmap_batch(GuestArray<Op> ops, u32 n) {
    Domain& d = current_domain();
    Batch batch{d};
    for (u32 i = 0; i < n; ++i) {
        Op op;
        TRY(ops.copy_in(op, i));
        s16 status = begin(request_of(op), d, batch.add());
        TRY(ops.template copy_member_out<offsetof(Op, status)>(status, i));
    }
    return {};
}

template <class Op>
Result<u32> unmap_all(GuestArray<Op> ops, u32 count) {
    for (u32 done = 0; done < count;) {
        u32 n = count - done < kBatch ? count - done : kBatch;
        TRY(unmap_batch(ops.from(done), n));
        done += n;
        if (done < count && hypercall::preempt_due()) return done;
    }
    return count;
}

}  // namespace

Result<u32> unmap_grant_refs(GuestArray<gnttab_unmap_grant_ref> ops, u32 count) { return unmap_all(ops, count); }
Result<u32> unmap_and_replace(GuestArray<gnttab_unmap_and_replace> ops, u32 count) { return unmap_all(ops, count); }

}  // namespace xen::grant
