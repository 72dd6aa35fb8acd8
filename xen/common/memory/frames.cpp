// SPDX-License-Identifier: MIT
// Machine frames: free lists by node and zone, of clean ones and of those that wait for scrubbing.
#include <asm/cpu.hpp>
#include <xen/boot_info.hpp>
#include <xen/lock.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>
#include <xen/numa.hpp>
#include <xen/tlb.hpp>

#include "common/memory/buddy.hpp"
#include "common/memory/zones.hpp"

namespace xen {

PageInfo* frame_table;
Mfn max_frame;

namespace memory {
namespace {

constexpr Mfn kLowEnd{u64{1} << (32 - kPageShift)};
constexpr Mfn kNoLimit{~u64{0}};

Spinlock<LockRank::buddy> lock;
Buddy zones[numa::kMaxNodes][kZones] GUARDED_BY(lock);
// With old contents: the loader's, or of whoever had them before.
struct Unscrubbed : Buddy {
    constexpr Unscrubbed() : Buddy{0x100} {}
};
Unscrubbed unscrubbed[numa::kMaxNodes][kZones] GUARDED_BY(lock);
constexpr u8 kScrubOrder = 5;   // at a time, by an idle CPU
// A block half of which is clean becomes one when the rest is scrubbed: so many pieces for one allocation.
constexpr unsigned kMendings = 64;

Zone zone_of(Mfn f) { return f < kLowEnd ? kLow : kHigh; }
Buddy& buddy_of(Mfn f) REQUIRES(lock) { return zones[numa::node_of(f).raw()][zone_of(f)]; }

Mfn limit_for(u8 address_bits) {
    if (address_bits >= 52) return kNoLimit;
    if (address_bits <= kPageShift) return Mfn{0};
    return Mfn{u64{1} << (address_bits - kPageShift)};
}

template <class Zones>
PageInfo* take_from_node(Zones& from, Order order, Mfn limit) REQUIRES(lock) {
    if (limit > kLowEnd && from[kHigh].free_frames())
        if (PageInfo* p = from[kHigh].take(order, limit)) return p;
    return from[kLow].take(order, limit);
}

template <class Nodes>
PageInfo* take(Nodes& from, const Request& r) REQUIRES(lock) {
    Mfn limit = limit_for(r.address_bits);
    unsigned first = r.node < numa::node_count() ? r.node : 0;
    if (PageInfo* p = take_from_node(from[first], r.order, limit)) return p;
    if (r.exact_node) return nullptr;
    for (unsigned n = 0; n < numa::node_count(); ++n)
        if (n != first)
            if (PageInfo* p = take_from_node(from[n], r.order, limit)) return p;
    return nullptr;
}

void scrub(Mfn start, u64 frames) {
    for (u64 i = 0; i < frames; ++i) arch::wipe_page(MappedPage<u8>{start + i}.get());
}

PageInfo* take_clean(const Request& r) {
    Guard g{lock};
    return take(zones, r);
}

PageInfo* take_unscrubbed(const Request& r) {
    Guard g{lock};
    return take(unscrubbed, r);
}

// A piece of what waits for scrubbing.
PageInfo* pop_unscrubbed(Order& order) {
    Guard g{lock};
    for (unsigned n = 0; n < numa::node_count(); ++n)
        for (Buddy& zone : unscrubbed[n])
            for (u8 o = kScrubOrder + 1; zone.free_frames() && o-- > 0;)
                if (PageInfo* p = zone.take(Order{o}, kNoLimit)) {
                    order = Order{o};
                    return p;
                }
    return nullptr;
}

// Stale TLB entries of whoever had the frames must be gone before somebody else writes there.
void flush_stale(PageInfo& head, Order order) {
    u32 newest = 0;  // 0 is no stamp
    for (u64 i = 0; i < u64{1} << order.raw(); ++i) {
        u32 stamp = std::exchange((&head)[i].tlb_stamp, 0);
        if (stamp && (!newest || static_cast<s32>(stamp - newest) > 0)) newest = stamp;
    }
    if (!newest) return;
    CpuMask due = tlb::needing_flush(cpu_online, newest);
    if (!due.empty()) tlb::flush_mask(due);
}

}  // namespace

void add_free_range(Mfn start, u64 frames) {
    Guard g{lock};
    while (frames) {
        u64 here = numa::next_border(start) - start;   // a block is of one node
        if (here > frames) here = frames;
        unsigned order = 0;
        while (order < kMaxOrder && (u64{2} << order) <= here && !(start.raw() & ((u64{2} << order) - 1))) ++order;
        unscrubbed[numa::node_of(start).raw()][zone_of(start)].give(page_of(start), Order{static_cast<u8>(order)});
        start += u64{1} << order;
        frames -= u64{1} << order;
    }
}

namespace {

// A block that is clean and old in parts is on neither list.
PageInfo* take_mended(const Request& r) {
    for (unsigned n = 0; r.order > Order{0} && n < kMendings && scrub_some(); ++n)
        if (PageInfo* p = take_clean(r)) return p;
    return nullptr;
}

}  // namespace

Result<PageInfo&> allocate_frames(Request r) {
    if (r.order.raw() > kMaxOrder || !leaves_claims(r)) return Errno::nomem;
    PageInfo* p = r.no_scrub ? take_unscrubbed(r) : nullptr;
    if (!p) p = take_clean(r);
    bool old = !p && !r.no_scrub && (p = take_unscrubbed(r));
    if (!p) p = take_mended(r);
    if (!p) return Errno::nomem;
    flush_stale(*p, r.order);
    if (old) scrub(p->mfn(), u64{1} << r.order.raw());
    return *p;
}

void free_frames(PageInfo& head, Order order, bool needs_scrub) {
    for (u64 i = 0; i < u64{1} << order.raw(); ++i) {
        (&head)[i].count.store(0, std::memory_order_relaxed);
        (&head)[i].type.store(0, std::memory_order_relaxed);
        (&head)[i].owner_index = 0;
    }
    Guard g{lock};
    Mfn f = head.mfn();
    (needs_scrub ? unscrubbed[numa::node_of(f).raw()][zone_of(f)] : buddy_of(f)).give(head, order);
}

void free_list(u32 first) {
    Guard g{lock};
    while (first) {
        PageInfo& p = frame_table[first];
        Mfn f{first};
        first = p.next;
        p.type.store(0, std::memory_order_relaxed);
        unscrubbed[numa::node_of(f).raw()][zone_of(f)].give(p, Order{0});
    }
}

bool scrub_some() {
    Order order{0};
    PageInfo* p = pop_unscrubbed(order);
    if (!p) return false;
    scrub(p->mfn(), u64{1} << order.raw());
    Guard g{lock};
    buddy_of(p->mfn()).give(*p, order);
    return true;
}

void* allocate_heap_pages(Order order) {
    auto r = allocate_frames({.order = order, .no_scrub = true});
    if (!r) return nullptr;
    PageInfo& head = r.value();
    for (u64 i = 0; i < u64{1} << order.raw(); ++i)
        (&head)[i].count.store(PageInfo::kXenHeap, std::memory_order_relaxed);
    return arch::direct_map(head.mfn());
}

void free_heap_pages(void* p, Order order) {
    if (p) free_frames(page_of(p), order, true);
}

namespace {

u64 unscrubbed_frames() REQUIRES(lock) {
    u64 n = 0;
    for (auto& node : unscrubbed)
        for (auto& zone : node) n += zone.free_frames();
    return n;
}

}  // namespace

u64 free_pages() {
    Guard g{lock};
    u64 n = unscrubbed_frames();
    for (auto& node : zones)
        for (auto& zone : node) n += zone.free_frames();
    return n;
}

u64 free_pages_on(NodeId node) {
    Guard g{lock};
    u64 n = 0;
    for (auto& zone : zones[node.raw()]) n += zone.free_frames();
    for (auto& zone : unscrubbed[node.raw()]) n += zone.free_frames();
    return n;
}

ZoneState zone_state(NodeId node, unsigned zone) {
    Guard g{lock};
    const Buddy& b = zones[node.raw()][zone];
    ZoneState s;
    s.free = b.free_frames();
    for (unsigned order = 0; order <= kMaxOrder; ++order) s.blocks[order] = b.blocks(order);
    return s;
}

u64 scrub_pending() {
    Guard g{lock};
    return unscrubbed_frames();
}

}  // namespace memory
}  // namespace xen
