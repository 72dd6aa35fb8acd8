// SPDX-License-Identifier: MIT
// Size classes over buddy pages. A slab is one page of equal blocks; its free list and use count are in the
// page's type word (hypervisor pages have no page type). Larger blocks are whole page orders.
#include <xen/heap.hpp>

#include <atomic>
#include <bit>

#include <xen/assert.hpp>
#include <xen/lock.hpp>
#include <xen/memory.hpp>

#include "lib/string.hpp"

namespace xen::heap {
namespace {

constexpr u16 kSizes[] = {16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1360, 2048};
constexpr unsigned kClasses = sizeof(kSizes) / sizeof(kSizes[0]);
constexpr u16 kEnd = 0xffff;

// What the type word of a heap page holds.
struct Slab {
    u16 first_free;   // offset of the first free block, kEnd when full
    u16 used;
    u8 size_class;    // kClasses: not a slab
    u8 order;         // of a page block
    u16 mark;         // kMark while the page belongs to this heap
};
constexpr u16 kMark = 0x5a7a;
static_assert(sizeof(Slab) == sizeof(u64));

Slab slab_of(const PageInfo& p) { return std::bit_cast<Slab>(p.type.load(std::memory_order_relaxed)); }
void set_slab(PageInfo& p, Slab s) { p.type.store(std::bit_cast<u64>(s), std::memory_order_relaxed); }

Spinlock<LockRank::heap_small> lock;
u32 partial[kClasses] GUARDED_BY(lock);  // pages with a free block, linked through PageInfo
u32 slabs[kClasses] GUARDED_BY(lock);    // pages of the class
std::atomic<u32> large_blocks, large_pages;

void link(PageInfo& p, unsigned c) REQUIRES(lock) {
    p.prev = 0;
    p.next = partial[c];
    if (p.next) frame_table[p.next].prev = static_cast<u32>(p.mfn().raw());
    partial[c] = static_cast<u32>(p.mfn().raw());
}

void unlink(PageInfo& p, unsigned c) REQUIRES(lock) {
    if (p.prev) frame_table[p.prev].next = p.next;
    else partial[c] = p.next;
    if (p.next) frame_table[p.next].prev = p.prev;
    p.next = p.prev = 0;
}

// The smallest class whose blocks are aligned as asked; kClasses when none is.
unsigned class_for(usize bytes, usize align) {
    for (unsigned c = 0; c < kClasses; ++c)
        if (kSizes[c] >= bytes && kSizes[c] % align == 0) return c;
    return kClasses;
}

u16& link_in(char* page, u16 offset) { return *reinterpret_cast<u16*>(page + offset); }

bool add_slab(unsigned c) REQUIRES(lock) {
    char* page = static_cast<char*>(memory::allocate_heap_pages(Order{0}));
    if (!page) return false;
    u16 size = kSizes[c];
    u16 last = static_cast<u16>((kPageSize / size - 1) * size);
    for (u16 at = 0; at <= last; at = static_cast<u16>(at + size))
        link_in(page, at) = at == last ? kEnd : static_cast<u16>(at + size);
    PageInfo& p = page_of(page);
    set_slab(p, {0, 0, static_cast<u8>(c), 0, kMark});
    link(p, c);
    ++slabs[c];
    return true;
}

void* take_block(unsigned c) {
    Guard g{lock};
    if (!partial[c] && !add_slab(c)) return nullptr;
    PageInfo& p = frame_table[partial[c]];
    Slab s = slab_of(p);
    char* page = static_cast<char*>(arch::direct_map(p.mfn()));
    char* block = page + s.first_free;
    s.first_free = link_in(page, s.first_free);
    ++s.used;
    set_slab(p, s);
    if (s.first_free == kEnd) unlink(p, c);
    return block;
}

void drop(PageInfo& p, unsigned c) REQUIRES(lock) {
    unlink(p, c);
    --slabs[c];
    set_slab(p, {});
    memory::free_heap_pages(arch::direct_map(p.mfn()), Order{0});
}

// A class keeps an empty slab only while none of its slabs has room otherwise: what is held when blocks have come back does not
// depend on the order in which they came.
void give_block(PageInfo& p, char* block) {
    Guard g{lock};
    Slab s = slab_of(p);
    char* page = static_cast<char*>(arch::direct_map(p.mfn()));
    bool was_full = s.first_free == kEnd;
    link_in(block, 0) = s.first_free;
    s.first_free = static_cast<u16>(block - page);
    --s.used;
    set_slab(p, s);
    if (was_full) {
        if (u32 other = partial[s.size_class]; other && !slab_of(frame_table[other]).used) drop(frame_table[other], s.size_class);
        link(p, s.size_class);
    }
    if (s.used == 0 && (p.next || p.prev)) drop(p, s.size_class);
}

void* take_pages(usize bytes) {
    Order order{static_cast<u8>(std::bit_width(pages_for(bytes) - 1))};
    void* p = memory::allocate_heap_pages(order);
    if (!p) return nullptr;
    set_slab(page_of(p), {kEnd, 0, kClasses, order.raw(), kMark});
    large_blocks.fetch_add(1, std::memory_order_relaxed);
    large_pages.fetch_add(1u << order.raw(), std::memory_order_relaxed);
    return p;
}

void give_pages(PageInfo& p, void* block, Order order) {
    set_slab(p, {});
    large_blocks.fetch_sub(1, std::memory_order_relaxed);
    large_pages.fetch_sub(1u << order.raw(), std::memory_order_relaxed);
    memory::free_heap_pages(block, order);
}

// Slabs that are in no list are full.
Use use_of_slabs(unsigned c) {
    Guard g{lock};
    usize each = kPageSize / kSizes[c], used = slabs[c] * each;
    for (u32 f = partial[c]; f; f = frame_table[f].next) used -= each - slab_of(frame_table[f]).used;
    return {kSizes[c], slabs[c], used};
}

}  // namespace

void* allocate(usize bytes, usize align) {
    if (!bytes) bytes = 1;
    unsigned c = class_for(bytes, align);
    void* p = c < kClasses ? take_block(c) : take_pages(bytes);
    if (p) memset(p, 0, bytes);
    return p;
}

void release(void* p) {
    if (!p) return;
    PageInfo& page = page_of(p);
    Slab s = slab_of(page);
    bug_if(s.mark != kMark);
    if (s.size_class < kClasses) return give_block(page, static_cast<char*>(p));
    give_pages(page, p, Order{s.order});
}

bool use_of(unsigned c, Use& use) {
    if (c > kClasses) return false;
    use = c < kClasses ? use_of_slabs(c) : Use{0, large_pages.load(std::memory_order_relaxed), large_blocks.load(std::memory_order_relaxed)};
    return true;
}

}  // namespace xen::heap
