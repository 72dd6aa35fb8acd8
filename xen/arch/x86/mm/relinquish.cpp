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

// The next page that still has its allocation reference, with a reference of ours.
PageInfo* next_allocated(Domain& d, u32& cursor) {
    Guard g{d.page_lock};
    for (u32 f = cursor ? cursor : d.page_list; f; f = frame_table[f].next) {
        PageInfo& p = frame_table[f];
        if (!(p.count.load(std::memory_order_acquire) & PageInfo::kAllocated)) continue;
        p.count.fetch_add(1, std::memory_order_acq_rel);
        cursor = 0;
        return &p;
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
    u32 cursor = 0;
    for (unsigned n = 0;; ++n) {
        PageInfo* p = next_allocated(d, cursor);
        if (!p) return {};
        PageRef ref = PageRef::adopt(*p);
        TRY(release(d, *p));
        memory::drop_allocation(*p);
        if (n == kBatch) return Errno::restart;
    }
}

}  // namespace xen::mm
