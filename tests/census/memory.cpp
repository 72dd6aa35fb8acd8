// SPDX-License-Identifier: MIT
// Free memory, owned memory and the hypervisor's own make all of memory; what domains are charged for is what they own.
#include <xen/memory.hpp>

#include <bit>
#include <map>

#include "count.hpp"

namespace xen::census {
namespace {

constexpr Mfn kFirst{0x100000 >> kPageShift};   // the simulated machine's memory begins here (arch/sim/machine.cpp)

using ull = unsigned long long;

struct Charged {
    u64 pages = 0, heap = 0, extra = 0;
};

struct Sum {
    u64 free = 0, waiting = 0, heap = 0, owned = 0;
    std::map<const Domain*, Charged> charged;
};

// What the small heap says of one of its pages, in the type word (common/memory/heap.cpp).
struct Slab {
    u16 first_free, used;
    u8 size_class, order;
    u16 mark;
};
constexpr u16 kSlabMark = 0x5a7a;
constexpr u8 kSlabClasses = 14;

u64 check_block(Mfn f, Findings& wrong) {
    unsigned order = page_of(f).owner_index & 0xff;
    for (u64 i = 1; i < u64{1} << order; ++i)
        if (page_of(f + i).count.load())
            wrong.add("free-block", "frame %llu is in use inside a free block of order %u", static_cast<ull>((f + i).raw()), order);
    return u64{1} << order;
}

void charge(const PageInfo& p, u64 count, Sum& sum) {
    Charged& c = sum.charged[p.owner()];
    if (count & PageInfo::kXenHeap) ++c.heap;
    else if (count & PageInfo::kExtra) ++c.extra;
    else ++c.pages;
}

Sum add_up(Findings& wrong) {
    Sum sum;
    for (Mfn f = kFirst; f < max_frame;) {
        const PageInfo& p = page_of(f);
        u64 count = p.count.load();
        if (count & PageInfo::kFree) {
            u64 n = check_block(f, wrong);
            sum.free += n;
            f += n;
            continue;
        }
        if (count & PageInfo::kCountMask) {
            if (!p.owner_index) wrong.add("owner", "frame %llu is referred to and nobody's", static_cast<ull>(f.raw()));
            else charge(p, count, sum);
            ++(count & PageInfo::kXenHeap ? sum.heap : sum.owned);
        } else {
            ++(count & PageInfo::kXenHeap ? sum.heap : sum.waiting);
        }
        ++f;
    }
    return sum;
}

u64 list_length(u32 head, const Domain& d, Findings& wrong) {
    u64 n = 0;
    for (u32 f = head; f; f = frame_table[f].next, ++n) {
        if (n > max_frame.raw()) {
            wrong.add("page-list", "d%u: its list of pages runs in a circle", d.id.raw());
            break;
        }
        if (frame_table[f].owner() != &d) wrong.add("page-list", "d%u: frame %u is on its list and not its own", d.id.raw(), f);
    }
    return n;
}

void check_domain(Domain& d, const Charged& c, Findings& wrong) {
    u64 listed = list_length(d.page_list, d, wrong), heap = list_length(d.xenheap_list, d, wrong);
    if (d.tot_pages != c.pages || d.xenheap_pages != c.heap)
        wrong.add("charged", "d%u: charged for %llu pages and %llu shared ones, owns %llu and %llu", d.id.raw(), static_cast<ull>(d.tot_pages),
                  static_cast<ull>(d.xenheap_pages), static_cast<ull>(c.pages), static_cast<ull>(c.heap));
    if (listed != c.pages + c.extra || heap != c.heap || d.listed_pages != listed + heap)
        wrong.add("page-list", "d%u: %llu + %llu pages on its lists, %llu counted, %llu + %llu owned", d.id.raw(), static_cast<ull>(listed),
                  static_cast<ull>(heap), static_cast<ull>(d.listed_pages), static_cast<ull>(c.pages + c.extra), static_cast<ull>(c.heap));
    // Its creation until it is dead, and all its pages together.
    u32 expected = (d.dying.load() == Dying::dead ? 0u : 1u) + (d.listed_pages ? 1u : 0u);
    if (d.refs.load() != expected) wrong.add("domain-references", "d%u: %u counted, %u found", d.id.raw(), d.refs.load(), expected);
}

}  // namespace

void check_memory(Findings& wrong) {
    Sum sum = add_up(wrong);
    u64 all = max_frame - kFirst;
    u64 found = sum.free + sum.waiting + sum.heap + sum.owned;
    if (found != all || sum.free + sum.waiting != memory::free_pages())
        wrong.add("all-memory", "%llu frames: %llu free and %llu to be wiped (the allocator knows of %llu), %llu heap, %llu owned",
                  static_cast<ull>(all), static_cast<ull>(sum.free), static_cast<ull>(sum.waiting), static_cast<ull>(memory::free_pages()),
                  static_cast<ull>(sum.heap), static_cast<ull>(sum.owned));
    each_domain([&](Domain& d) { check_domain(d, sum.charged[&d], wrong); });
    for (auto& [owner, c] : sum.charged)
        if (!domain::peek(owner->id) || domain::peek(owner->id) != owner)
            wrong.add("owner", "%llu pages belong to a domain that is gone", static_cast<ull>(c.pages + c.heap + c.extra));
}

Heap heap_in_use() {
    Heap h;
    for (Mfn f = kFirst; f < max_frame; ++f) {
        const PageInfo& p = page_of(f);
        if (!(p.count.load() & PageInfo::kXenHeap)) continue;
        Slab s = std::bit_cast<Slab>(p.type.load());
        if (s.mark == kSlabMark && s.size_class < kSlabClasses) h.blocks += s.used;
        else ++h.frames;
    }
    return h;
}

}  // namespace xen::census
