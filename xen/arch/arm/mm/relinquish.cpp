// SPDX-License-Identifier: MIT
// A dying domain gives its memory up: first stage 2, with what it holds of others, then the allocation of each page. What
// others still map is freed by its last mapper.
#include "arch/arm/mm/relinquish.hpp"

#include <asm/p2m.hpp>
#include <xen/hypercall.hpp>
#include <xen/memory.hpp>

namespace xen::mm {
namespace {

constexpr unsigned kBatch = 64;   // pages between two looks at the clock

// The page that is next, held; none at the list's end. One that is being freed is passed by.
PageRef next_page(Domain& d) {
    Guard g{d.page_lock};
    while (d.cursor) {
        PageInfo& p = frame_table[d.cursor];
        d.cursor = p.next;
        if (get_page(p, d)) return PageRef::adopt(p);
    }
    return {};
}

// True at the end of the list.
bool release_some(Domain& d) {
    for (unsigned n = 0; n < kBatch; ++n) {
        n += memory::free_unused(d, kBatch - n);
        PageRef page = next_page(d);
        if (!page) return true;
        memory::drop_allocation_and_reference(*page.leak());
    }
    return false;
}

void start(Domain& d) {
    if (std::exchange(d.arch.gives_pages_up, true)) return;
    Guard g{d.page_lock};
    d.cursor = d.page_list;
}

}  // namespace

Status relinquish(Domain& d) {
    TRY(p2m::relinquish(d));
    start(d);
    while (!release_some(d))
        if (hypercall::preempt_due()) return Errno::restart;
    return {};
}

}  // namespace xen::mm
