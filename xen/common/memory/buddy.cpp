// SPDX-License-Identifier: MIT
#include "common/memory/buddy.hpp"

#include <xen/assert.hpp>
#include <xen/numa.hpp>

namespace xen::memory {

void Buddy::push(PageInfo& head, unsigned order) {
    u32 f = static_cast<u32>(head.mfn().raw());
    head.prev = 0;
    head.next = heads_[order];
    if (head.next) frame_table[head.next].prev = f;
    heads_[order] = f;
    filled_ |= u32{1} << order;
    ++counts_[order];
    head.owner_index = order | mark_;
    head.count.store(PageInfo::kFree, std::memory_order_relaxed);
}

void Buddy::remove(PageInfo& head, unsigned order) {
    if (head.prev) frame_table[head.prev].next = head.next;
    else if (!(heads_[order] = head.next)) filled_ &= ~(u32{1} << order);
    if (head.next) frame_table[head.next].prev = head.prev;
    --counts_[order];
    head.next = head.prev = 0;
    head.owner_index = 0;
    head.count.store(0, std::memory_order_relaxed);
}

PageInfo* Buddy::find(unsigned order, Mfn limit) const {
    for (u32 f = heads_[order]; f; f = frame_table[f].next)
        if (Mfn{f} + (u64{1} << order) <= limit) return &frame_table[f];
    return nullptr;
}

PageInfo* Buddy::take(Order order, Mfn limit) {
    for (u32 orders = filled_ >> order.raw() << order.raw(); orders; orders &= orders - 1) {
        unsigned o = static_cast<unsigned>(__builtin_ctz(orders));
        PageInfo* head = find(o, limit);
        if (!head) [[unlikely]] continue;
        remove(*head, o);
        free_ -= u64{1} << order.raw();
        // The upper halves go back; the lower one stays below the limit.
        while (o > order.raw()) {
            --o;
            push(head[u64{1} << o], o);
        }
        return head;
    }
    return nullptr;
}

bool Buddy::is_free_block(Mfn f, unsigned order) const {
    if (f >= max_frame) return false;
    const PageInfo& p = page_of(f);
    return (p.count.load(std::memory_order_relaxed) & PageInfo::kFree) && p.owner_index == (order | mark_);
}

void Buddy::give(PageInfo& head, Order order) {
    Mfn f = head.mfn();
    unsigned o = order.raw();
    free_ += u64{1} << o;
    for (; o < kMaxOrder; ++o) {
        Mfn buddy{f.raw() ^ (u64{1} << o)};
        // Zones and nodes are ranges, so a buddy of another one must not be merged.
        if (!is_free_block(buddy, o) || numa::node_of(buddy) != numa::node_of(f)) break;
        remove(page_of(buddy), o);
        if (buddy < f) f = buddy;
    }
    push(page_of(f), o);
}

}  // namespace xen::memory
