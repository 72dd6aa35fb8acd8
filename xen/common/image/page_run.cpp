// SPDX-License-Identifier: MIT
#include "common/image/page_run.hpp"

#include <bit>

#include <xen/image.hpp>
#include <xen/memory.hpp>

namespace xen::image {
namespace {

// In the largest pieces that size and alignment allow: that is how the buddy allocator counts them.
void give_back(u8* start, u64 pages) {
    while (pages) {
        auto aligned = static_cast<u64>(std::countr_zero(arch::direct_map_mfn(start).raw()));
        u64 fits = std::bit_width(pages) - 1;
        Order order{static_cast<u8>(aligned < fits ? aligned : fits)};
        memory::free_heap_pages(start, order);
        start += kPageSize << order.raw();
        pages -= u64{1} << order.raw();
    }
}

}  // namespace

Result<PageRun> PageRun::create(u64 bytes) {
    u64 pages = pages_for(bytes);
    if (!pages) pages = 1;
    u64 order = std::bit_width(pages - 1);
    if (order > memory::kMaxOrder) return Errno::nomem;
    void* start = memory::allocate_heap_pages(Order{static_cast<u8>(order)});
    if (!start) return Errno::nomem;
    give_back(static_cast<u8*>(start) + pages * kPageSize, (u64{1} << order) - pages);
    return PageRun{start, pages};
}

PageRun::~PageRun() {
    if (start_) give_back(static_cast<u8*>(start_), pages_);
}

void release(Unpacked& u) {
    PageRun freed = PageRun::adopt(u.pages, u.page_count);
    u = {};
}

}  // namespace xen::image
