// SPDX-License-Identifier: MIT
// A dying domain gives its tables and pages up: base pointers, descriptor pages, pins, half-done work, and then the
// allocation reference of each page. Whatever is still mapped elsewhere is freed by its last mapper.
#include <asm/mm.hpp>
#include <xen/memory.hpp>

#include "arch/x86/mm/log_dirty.hpp"

namespace xen::mm {
namespace {

constexpr unsigned kBatch = 64;   // pages looked at between two yields

bool is_pinned_or_partial(const PageInfo& p) {
    return p.type.load(std::memory_order_acquire) & (PageInfo::kPinned | PageInfo::kPartial);
}

// Pins and partial states of a page. One that comes while we look is for the next pass.
Status release(Domain& d, PageInfo& p) {
    if (!is_pinned_or_partial(p)) [[likely]] return {};
    Guard g{d.arch.tables_lock};
    TRY(abandon_partial(p));
    if (p.type.fetch_and(~PageInfo::kPinned, std::memory_order_acq_rel) & PageInfo::kPinned)
        if (!put_typed(p)) return Errno::restart;
    return {};
}

// What the domain itself holds of a page. A guest may pin a page, or leave one half done, whose allocation it has
// given up already: that hold ends here too.
bool is_held(const PageInfo& p) {
    return (p.count.load(std::memory_order_acquire) & PageInfo::kAllocated) || is_pinned_or_partial(p);
}

// The page that is next, with a reference of ours; none at the end of the list. One that is being freed is passed by.
PageRef next_page(Domain& d) {
    Guard g{d.page_lock};
    while (d.cursor) {
        PageInfo& p = frame_table[d.cursor];
        d.cursor = p.next;
        if (get_page(p, d)) return PageRef::adopt(p);
    }
    return {};
}

// It stopped half-way. Our reference keeps it on the list.
void come_back_to(Domain& d, const PageInfo& p) {
    Guard g{d.page_lock};
    d.cursor = static_cast<u32>(p.mfn().raw());
}

void start_pass(Domain& d) {
    Guard g{d.page_lock};
    d.cursor = d.page_list;
}

// Passes over the list until one finds nothing that is held. A table that stopped half-way may leave another so which has been
// passed by. A page that others still map stays on the list, and costs one look a pass.
Status release_pages(Domain& d) {
    for (unsigned n = 0; n < kBatch; ++n) {
        if (unsigned freed = memory::free_unused(d, kBatch - n)) {
            d.arch.holds_pages = true;
            n += freed;
        }
        PageRef page = next_page(d);
        if (!page) {
            if (!std::exchange(d.arch.holds_pages, false)) return {};
            start_pass(d);
            continue;
        }
        if (!is_held(*page)) continue;
        d.arch.holds_pages = true;
        if (Status s = release(d, *page); !s) {
            come_back_to(d, *page);
            return s;
        }
        memory::drop_allocation_and_reference(*page.leak());
    }
    return Errno::restart;
}

}  // namespace

Status relinquish(Domain& d) {
    log_dirty::disable(d);
    for (u32 i = 0; i < d.max_vcpus; ++i) {
        if (!d.vcpus[i]) continue;
        Guard g{d.arch.tables_lock};
        TRY(drop_base_pointers(*d.vcpus[i]));
        drop_gdt(*d.vcpus[i]);
        drop_ldt_pages(*d.vcpus[i]);
    }
    return release_pages(d);
}

}  // namespace xen::mm
