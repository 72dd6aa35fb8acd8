// SPDX-License-Identifier: MIT
// The page-type state machine (see asm/mm.hpp for its rules).
#include <asm/mm.hpp>
#include <xen/assert.hpp>
#include <xen/log.hpp>
#include <xen/log_dirty.hpp>
#include <xen/tlb.hpp>

namespace xen {
namespace mm {
namespace {

constexpr u64 bits_of(PageType t) { return static_cast<u64>(t) << PageInfo::kTypeShift; }
constexpr bool is_table(PageType t) { return t >= PageType::l1 && t <= PageType::l4; }
constexpr bool needs_validation(PageType t) { return is_table(t) || t == PageType::seg_desc; }
PageType type_of(u64 word) { return static_cast<PageType>(word >> PageInfo::kTypeShift); }

// No CPU may keep a writable translation to a frame that becomes a table or a descriptor page, nor a stale
// table entry to one that becomes writable.
void flush_before_change(const PageInfo& p) {
    const Domain* owner = p.owner();
    if (!owner || !p.tlb_stamp) return;
    CpuMask due = tlb::needing_flush(owner->dirty_cpus, p.tlb_stamp);
    if (!due.empty()) tlb::flush_mask(due);
}

enum class Taken : u8 { counted, first, partial };

// Counts one more use, or says that the contents must be looked at first.
Result<Taken> take(PageInfo& p, PageType type) {
    u64 old = p.type.load(std::memory_order_acquire);
    for (;;) {
        if ((old & PageInfo::kTypeCountMask) == PageInfo::kTypeCountMask) return Errno::inval;
        bool first = (old & PageInfo::kTypeCountMask) == 0;
        u64 next = old + 1;
        if (first) {
            if (type_of(old) != type) flush_before_change(p);
            next = bits_of(type) | 1 | (needs_validation(type) ? 0 : PageInfo::kValidated);
        } else if (type_of(old) != type) {
            return Errno::inval;
        } else if (old & PageInfo::kPartial) {
            return Taken::partial;
        }
        if (p.type.compare_exchange_weak(old, next, std::memory_order_acq_rel, std::memory_order_acquire))
            return first && needs_validation(type) ? Taken::first : Taken::counted;
    }
}

// The partial state holds a general reference of its own.
void become_partial(PageInfo& p) {
    p.count.fetch_add(1, std::memory_order_relaxed);
    p.type.fetch_or(PageInfo::kPartial, std::memory_order_release);
}

void leave_partial(PageInfo& p) {
    p.type.fetch_and(~PageInfo::kPartial, std::memory_order_release);
    put_page(p);  // the caller has another one
}

// Use count and validity to zero; the type stays until somebody wants another.
void become_unused(PageInfo& p, PageType type) {
    log_dirty::written(p);
    p.tlb_stamp = tlb::clock();
    p.type.store(bits_of(type), std::memory_order_release);
}

Status undo_validation(PageInfo& p, PageType type, Errno why) {
    if (devalidate_table(p, type)) {
        become_unused(p, type);
        return why;
    }
    become_partial(p);
    defer(current(), p);
    return why;
}

Status validate(PageInfo& p, PageType type, bool was_partial) {
    if (!was_partial) {
        p.table.done = 0;
        p.table.linear = 0;
    }
    Status s = validate_table(p, type);
    if (!s && s.error() == Errno::restart) {
        if (!was_partial) become_partial(p);
        return Errno::restart;
    }
    if (!s) {
        if (was_partial) leave_partial(p);
        return undo_validation(p, type, s.error());
    }
    p.type.fetch_or(PageInfo::kValidated, std::memory_order_release);
    if (was_partial) leave_partial(p);
    return {};
}

// The last use of a table goes away. `was_partial`: the partial state's own use.
Status devalidate(PageInfo& p, PageType type, bool was_partial) {
    p.type.fetch_and(~PageInfo::kValidated, std::memory_order_release);
    if (!devalidate_table(p, type)) {
        if (!was_partial) become_partial(p);
        return Errno::restart;
    }
    become_unused(p, type);
    return {};
}

}  // namespace

Status get_type(PageInfo& p, PageType type) {
    Taken t = TRY(take(p, type));
    if (t == Taken::counted) [[likely]] return {};
    return validate(p, type, t == Taken::partial);
}

Status put_type(PageInfo& p) {
    u64 old = p.type.load(std::memory_order_acquire);
    if (!is_table(type_of(old))) log_dirty::written(p);
    for (;;) {
        PageType type = type_of(old);
        xen_assert((old & PageInfo::kTypeCountMask) != 0);
        bool last = (old & PageInfo::kTypeCountMask) == 1;
        if (last && is_table(type)) {
            if (old & PageInfo::kPartial) return {};  // the use is the partial state's
            return devalidate(p, type, false);
        }
        u64 next = old - 1;
        if (last) {
            p.tlb_stamp = tlb::clock();
            if (type == PageType::seg_desc) next &= ~PageInfo::kValidated;
        }
        if (p.type.compare_exchange_weak(old, next, std::memory_order_acq_rel, std::memory_order_acquire)) return {};
    }
}

Status get_page_and_type_of(Mfn f, Domain& owner, PageType type) {
    PageRef ref = TRY(PageRef::get(f, owner));
    TRY(get_type(*ref, type));
    ref.leak();
    return {};
}

Status put_typed(PageInfo& p) {
    Status s = put_type(p);
    put_page(p);  // after a restart the partial state has its own
    return s;
}

Status abandon_partial(PageInfo& p) {
    u64 word = p.type.load(std::memory_order_acquire);
    if (!(word & PageInfo::kPartial)) return {};
    TRY(devalidate(p, type_of(word), true));
    put_page(p);
    return {};
}

void defer(Vcpu& v, PageInfo& partial) {
    // One at a time: what was waiting is found again by the domain's teardown, and harms nobody until then.
    v.arch.deferred_table = partial.mfn();
}

Status finish_deferred_table(Vcpu& v) {
    PageInfo& p = page_of(*v.arch.deferred_table);
    if (Domain* owner = p.owner()) {
        Guard g{owner->arch.tables_lock};
        TRY(abandon_partial(p));
    }
    v.arch.deferred_table = nothing;
    return {};
}

}  // namespace mm

Status get_page_type(PageInfo& p, PageType type) { return mm::get_type(p, type); }

Status get_page_and_type(PageInfo& p, const Domain& owner, PageType type) {
    if (!get_page(p, owner)) return Errno::inval;
    Status s = mm::get_type(p, type);
    if (!s) put_page(p);
    return s;
}

void put_page_type(PageInfo& p) {
    if (!mm::put_type(p)) mm::defer(current(), p);
}

void put_page_and_type(PageInfo& p) {
    put_page_type(p);
    put_page(p);
}

}  // namespace xen
