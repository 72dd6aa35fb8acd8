// SPDX-License-Identifier: MIT
// No page has a type that excludes another: guests have page tables of their own, which the hypervisor never looks at. What is
// counted is uses for writing. And nothing is recorded for migration.
#include <xen/log_dirty.hpp>
#include <xen/page.hpp>
#include <xen/writable_page.hpp>

namespace xen {

Status get_page_type(PageInfo& p, PageType type) {
    if (type != PageType::writable) return Errno::inval;
    u64 old = p.type.load(std::memory_order_acquire);
    for (;;) {
        u64 uses = old & PageInfo::kTypeCountMask;
        // A page that is public, and read only, has one use of another type for ever (memory::share_heap_page).
        if (uses == PageInfo::kTypeCountMask || (uses && old >> PageInfo::kTypeShift != static_cast<u64>(type))) return Errno::inval;
        u64 next = writable_page::kUnused | (uses + 1);
        if (p.type.compare_exchange_weak(old, next, std::memory_order_acq_rel, std::memory_order_acquire)) return {};
    }
}

Status get_page_and_type(PageInfo& p, const Domain& owner, PageType type) {
    if (!get_page(p, owner)) return Errno::inval;
    Status s = get_page_type(p, type);
    if (!s) put_page(p);
    return s;
}

void put_page_type(PageInfo& p) {
    u64 old = p.type.fetch_sub(1, std::memory_order_acq_rel);
    xen_assert((old & PageInfo::kTypeCountMask) != 0);
}

void put_page_and_type(PageInfo& p) {
    put_page_type(p);
    put_page(p);
}

namespace log_dirty {

constinit u32 domains = 0;
void mark(PageInfo&) {}

}  // namespace log_dirty
}  // namespace xen
