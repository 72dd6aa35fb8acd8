// SPDX-License-Identifier: MIT
// Pages that a domain owns: charging, the owned list, and the way back to the free lists.
#include <xen/assert.hpp>
#include <xen/domain.hpp>
#include <xen/memory.hpp>
#include <xen/refusal.hpp>
#include <xen/tlb.hpp>

#include "common/memory/zones.hpp"

namespace xen {

namespace memory {
namespace {

void link(u32& head, PageInfo& p) {
    p.prev = 0;
    p.next = head;
    u32 f = static_cast<u32>(p.mfn().raw());
    if (head) frame_table[head].prev = f;
    head = f;
}

void unlink(u32& head, PageInfo& p) {
    if (p.prev) frame_table[p.prev].next = p.next;
    else head = p.next;
    if (p.next) frame_table[p.next].prev = p.prev;
    p.next = p.prev = 0;
}

// Takes the frame off its owner's books; true when it was the last one.
bool uncharge(Domain& d, PageInfo& p, u64 flags) {
    Guard g{d.page_lock};
    bool heap = flags & PageInfo::kXenHeap;
    if (frame_table + d.cursor == &p) d.cursor = p.next;
    unlink(heap ? d.xenheap_list : d.page_list, p);
    u64& counter = heap ? d.xenheap_pages : d.tot_pages;
    if (!(flags & PageInfo::kExtra)) --counter;
    return --d.listed_pages == 0;
}

// Listed pages keep their owner in memory.
void list_pages(Domain& d, u64 n) REQUIRES(d.page_lock) {
    if (d.listed_pages == 0) d.refs.fetch_add(1, std::memory_order_relaxed);
    d.listed_pages += n;
}

}  // namespace

Status assign_pages(Domain& d, PageInfo& head, Order order, bool no_refcount) {
    u64 n = u64{1} << order.raw();
    Guard g{d.page_lock};
    if (d.is_dying()) return Errno::inval;
    if (!no_refcount && (d.tot_pages > d.max_pages || n > d.max_pages - d.tot_pages))
        return refuse(Errno::toobig, "d%u has %lu of %lu pages: no %lu more", d.id.raw(), d.tot_pages, d.max_pages, n);
    if (!no_refcount) {
        d.tot_pages += n;
        if (u64 claim = d.outstanding_claims) [[unlikely]] set_claim(d, claim < n ? 0 : claim - n);
    }
    list_pages(d, n);
    for (u64 i = 0; i < n; ++i) {
        PageInfo& p = (&head)[i];
        p.set_owner(&d);
        p.type.store(0, std::memory_order_relaxed);
        link(d.page_list, p);
        p.count.store(PageInfo::kAllocated | (no_refcount ? PageInfo::kExtra : 0) | 1, std::memory_order_release);
    }
    return {};
}

Result<PageInfo&> allocate_domain_pages(Domain& d, Request r, bool no_refcount) {
    if (!no_refcount) r.claim = d.outstanding_claims;
    PageInfo& head = TRY(allocate_frames(r));
    if (Status s = assign_pages(d, head, r.order, no_refcount); !s) {
        free_frames(head, r.order, false);
        return s.error();
    }
    return head;
}

Status adopt_pages(Domain& d, Mfn first, u64 pages) {
    for (u64 i = 0; i < pages; ++i) TRY(assign_pages(d, page_of(first + i), Order{0}));
    return {};
}

void share_heap_page(void* page, Domain& d, bool writable) {
    PageInfo& p = page_of(page);
    Guard g{d.page_lock};
    p.set_owner(&d);
    // A read-only page holds one type use of its own that no writable mapping can join (public pages of ours).
    u64 type = static_cast<u64>(writable ? PageType::writable : PageType::none) << PageInfo::kTypeShift;
    p.type.store(type | PageInfo::kValidated | 1, std::memory_order_relaxed);
    ++d.xenheap_pages;
    list_pages(d, 1);
    link(d.xenheap_list, p);
    p.count.store(PageInfo::kXenHeap | PageInfo::kAllocated | 1, std::memory_order_release);
}

bool unshare_heap_page(void* page) { return drop_allocation(page_of(page)); }

bool drop_allocation(PageInfo& p) {
    u64 old = p.count.fetch_and(~PageInfo::kAllocated, std::memory_order_acq_rel);
    if (!(old & PageInfo::kAllocated)) return false;
    put_page(p);
    return true;
}

void drop_allocation_and_reference(PageInfo& p) {
    u64 old = p.count.fetch_and(~PageInfo::kAllocated, std::memory_order_acq_rel);
    u64 ours = old & PageInfo::kAllocated ? 2 : 1;
    old = p.count.fetch_sub(ours, std::memory_order_acq_rel);
    xen_assert((old & PageInfo::kCountMask) >= ours);
    if ((old & PageInfo::kCountMask) == ours) free_domain_page(p);
}

Status steal_page(Domain& d, PageInfo& p) {
    if (!get_page(p, d)) return Errno::inval;
    // Our reference and the allocation's, and no other: both go, and nobody can get a new one.
    constexpr u64 kOurs = PageInfo::kAllocated | 2;
    u64 old = p.count.load(std::memory_order_relaxed);
    do {
        if ((old & (PageInfo::kAllocated | PageInfo::kXenHeap | PageInfo::kCountMask)) != kOurs) {
            put_page(p);
            return Errno::inval;
        }
    } while (!p.count.compare_exchange_weak(old, 0, std::memory_order_acq_rel, std::memory_order_relaxed));
    p.tlb_stamp = tlb::clock();
    DomainRef last;
    if (uncharge(d, p, old)) last = DomainRef::adopt(d);
    p.set_owner(nullptr);
    p.type.store(0, std::memory_order_relaxed);
    return {};
}

void free_domain_page(PageInfo& p) {
    Domain* d = p.owner();
    bug_if(!d);
    u64 flags = p.count.load(std::memory_order_acquire);
    p.tlb_stamp = tlb::clock();
    bool dying = d->is_dying();
    DomainRef last;
    if (uncharge(*d, p, flags)) last = DomainRef::adopt(*d);
    p.set_owner(nullptr);
    if (flags & PageInfo::kXenHeap) {
        p.type.store(0, std::memory_order_relaxed);
        p.count.store(PageInfo::kXenHeap, std::memory_order_release);
        return;  // its heap owner frees it
    }
    // A running guest wipes what it gives up if it cares; after its death we answer for it.
    free_frames(p, Order{0}, dying);
}

namespace {

// The allocation's reference, if there is no other: nobody can get one any more.
bool take_only_reference(PageInfo& p, u64& flags) {
    flags = p.count.load(std::memory_order_relaxed);
    constexpr u64 kOnly = PageInfo::kAllocated | 1;
    return (flags & ~PageInfo::kExtra) == kOnly &&
           p.count.compare_exchange_strong(flags, 0, std::memory_order_acq_rel, std::memory_order_relaxed);
}

}  // namespace

unsigned free_unused(Domain& d, unsigned most) {
    u32 freed = 0;
    unsigned n = 0;
    DomainRef last;
    {
        Guard g{d.page_lock};
        for (; n < most && d.cursor; ++n) {
            const u32 f = d.cursor;
            PageInfo& p = frame_table[f];
            u64 flags;
            if (!take_only_reference(p, flags)) break;
            d.cursor = p.next;
            unlink(d.page_list, p);
            if (!(flags & PageInfo::kExtra)) --d.tot_pages;
            if (--d.listed_pages == 0) last = DomainRef::adopt(d);
            p.tlb_stamp = tlb::clock();
            p.set_owner(nullptr);
            p.next = std::exchange(freed, f);
        }
    }
    free_list(freed);
    return n;
}

}  // namespace memory
}  // namespace xen
