// SPDX-License-Identifier: MIT
// A dying domain gives its tables and pages up: base pointers, descriptor pages, pins, half-done work, and then the
// allocation reference of each page. Whatever is still mapped elsewhere is freed by its last mapper.
#include <asm/mm.hpp>
#include <xen/memory.hpp>

namespace xen::mm {
namespace {

constexpr unsigned kBatch = 64;

// Pins and partial states; then the page itself. A page that others still use moves behind the ones to do.
Status release(Domain& d, PageInfo& p) {
    Guard g{d.arch.tables_lock};
    TRY(abandon_partial(p));
    if (p.type.fetch_and(~PageInfo::kPinned, std::memory_order_acq_rel) & PageInfo::kPinned)
        if (!put_typed(p)) return Errno::restart;
    return {};
}

// What the domain itself holds of a page. A guest may pin a page, or leave one half done, whose allocation it has
// given up already: that hold ends here too.
bool is_held(const PageInfo& p) {
    return (p.count.load(std::memory_order_acquire) & PageInfo::kAllocated) ||
           (p.type.load(std::memory_order_acquire) & (PageInfo::kPinned | PageInfo::kPartial));
}

// The next page that the domain holds, with a reference of ours.
PageInfo* next_held(Domain& d) {
    Guard g{d.page_lock};
    for (u32 f = d.page_list; f; f = frame_table[f].next) {
        PageInfo& p = frame_table[f];
        if (is_held(p) && get_page(p, d)) return &p;
    }
    return nullptr;
}

}  // namespace

Status relinquish(Domain& d) {
    for (u32 i = 0; i < d.max_vcpus; ++i) {
        if (!d.vcpus[i]) continue;
        Guard g{d.arch.tables_lock};
        TRY(drop_base_pointers(*d.vcpus[i]));
        drop_gdt(*d.vcpus[i]);
        drop_ldt_pages(*d.vcpus[i]);
    }
    for (unsigned n = 0;; ++n) {
        PageInfo* p = next_held(d);
        if (!p) return {};
        PageRef ref = PageRef::adopt(*p);
        TRY(release(d, *p));
        memory::drop_allocation(*p);
        if (n == kBatch) return Errno::restart;
    }
}

}  // namespace xen::mm
