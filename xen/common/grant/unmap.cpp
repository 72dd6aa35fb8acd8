// SPDX-License-Identifier: MIT
// GNTTABOP_unmap_grant_ref and unmap_and_replace. A batch clears page-table entries first, then flushes TLBs once,
// and only then gives the pages back to their granters.
#include <xen/hypercall.hpp>
#include <xen/log.hpp>
#include <xen/security.hpp>
#include <xen/tlb.hpp>
#include <xen/trace.hpp>

#include "common/grant/table.hpp"

namespace xen::grant {

namespace {

constexpr u32 kBatch = 32;   // unmaps for one TLB flush

// One unmap between its page-table part and its completion.
struct Unmap {
    u64 host_addr = 0, dev_bus_addr = 0, new_addr = 0;
    u32 handle = 0;
    u32 ref = 0;
    u32 done = 0;            // GNTMAP_* of what has been unmapped
    Mfn frame{};
    Domain* granter = nullptr;
};

s16 clear_entries(Unmap& u, u32 flags) {
    if (u.dev_bus_addr && u.dev_bus_addr != address_of(u.frame).raw()) return GNTST_bad_dev_addr;
    if (u.host_addr && (flags & GNTMAP_host_map)) {
        if (s16 s = arch::unmap_grant(u.host_addr, u.frame, u.new_addr, flags); s < 0) return s;
        u.done |= GNTMAP_host_map | (flags & GNTMAP_readonly);
    }
    if (u.dev_bus_addr && (flags & GNTMAP_device_map)) u.done |= GNTMAP_device_map | (flags & GNTMAP_readonly);
    return GNTST_okay;
}

s16 begin(Unmap& u) {
    Domain& d = current_domain();
    MapTrack& track = d.grants->maptrack;
    u32 flags;
    Mapping* m = track.claim(u.handle, flags);
    if (!m) return GNTST_bad_handle;
    Domain* granter = find_granter(*m);
    if (!granter) {
        // The frame went with its owner: the guest has undone the mapping behind our back.
        m->flags.store(flags, std::memory_order_release);
        domain::crash(d, "unmaps a grant of a domain that is gone");
        return GNTST_bad_domain;
    }
    if (!security::may(security::Op::grant_unmap, *granter)) {
        m->flags.store(flags, std::memory_order_release);
        return GNTST_permission_denied;
    }
    trace::put(TRC_MEM_PAGE_GRANT_UNMAP, m->domid);
    u.granter = granter;
    u.ref = m->ref;
    u.frame = Mfn{m->frame};
    s16 s = clear_entries(u, flags);
    u32 left = flags & ~(u.done & Mapping::kMapped);
    if (left & Mapping::kMapped) {
        m->flags.store(left, std::memory_order_release);
    } else {
        m->flags.store(0, std::memory_order_release);
        track.give(u.handle);
    }
    return s;
}

// After the flush: the page goes back before its entry shows that it is free.
void complete(Unmap& u) {
    if (!u.done) return;
    Table& t = *u.granter->grants;
    bool wrote = !(u.done & GNTMAP_readonly);
    ReadGuard g{t.lock};
    auto [e, a] = t.in_use(u.ref);
    Guard ag{a->lock};
    PageInfo& page = page_of(u.frame);
    if (u.done & GNTMAP_host_map) wrote ? put_page_and_type(page) : put_page(page);
    if (u.done & GNTMAP_device_map) wrote ? put_page_and_type(page) : put_page(page);
    a->pins.counts -= Pins::unit_of(u.done);
    mark_unused(e, a->pins, wrote);
}

Unmap request_of(const gnttab_unmap_grant_ref& op) {
    Unmap u;
    u.host_addr = op.host_addr;
    u.dev_bus_addr = op.dev_bus_addr;
    u.handle = op.handle;
    return u;
}

Unmap request_of(const gnttab_unmap_and_replace& op) {
    Unmap u;
    u.host_addr = op.host_addr;
    u.new_addr = op.new_addr;
    u.handle = op.handle;
    return u;
}

// The unmaps under way: made one by one, completed together when the batch ends, however it ends.
class Batch {
public:
    Batch() = default;
    ~Batch() {
        if (!count_) return;
        tlb::flush_mask(current_domain().dirty_cpus);
        for (u32 i = 0; i < count_; ++i) {
            complete(at(i));
            at(i).~Unmap();
        }
    }
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;
    Unmap& add(Unmap&& u) { return *::new (static_cast<void*>(&at(count_++))) Unmap{std::move(u)}; }

private:
    Unmap& at(u32 i) { return reinterpret_cast<Unmap*>(storage_)[i]; }
    u32 count_ = 0;
    alignas(Unmap) char storage_[kBatch * sizeof(Unmap)];
};

// A fault of the guest's memory ends the batch early.
template <class Op>
Status unmap_batch(GuestInOut<Op> uop, u32 n) {
    Batch batch;
    for (u32 i = 0; i < n; ++i) {
        Op op = TRY(uop.copy_in(i));
        op.status = begin(batch.add(request_of(op)));
        TRY(GuestInOut<Op>{uop.raw() + i * sizeof(Op)}.copy_field_out(op, &Op::status));
    }
    return {};
}

template <class Op>
Result<u32> unmap_all(GuestInOut<Op> uop, u32 count) {
    for (u32 done = 0; done < count;) {
        u32 n = count - done < kBatch ? count - done : kBatch;
        TRY(unmap_batch(GuestInOut<Op>{uop.raw() + done * sizeof(Op)}, n));
        done += n;
        if (done < count && hypercall::preempt_due()) return done;
    }
    return count;
}

}  // namespace

Result<u32> unmap_grant_refs(GuestInOut<gnttab_unmap_grant_ref> uop, u32 count) { return unmap_all(uop, count); }
Result<u32> unmap_and_replace(GuestInOut<gnttab_unmap_and_replace> uop, u32 count) { return unmap_all(uop, count); }

}  // namespace xen::grant
