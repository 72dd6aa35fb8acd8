// SPDX-License-Identifier: MIT
// Contiguous hypervisor pages, any number of them: the smallest block of the buddy allocator that holds them, with the
// rest of the block given back at once. Owned; freed at the end of the scope.
#pragma once

#include <utility>

#include "lib/result.hpp"

namespace xen::image {

class [[nodiscard]] PageRun {
public:
    PageRun() = default;
    static Result<PageRun> create(u64 bytes);   // not zeroed; Errno::nomem
    // Takes over pages that leak() gave away.
    static PageRun adopt(void* start, u64 pages) { return PageRun{start, pages}; }
    PageRun(PageRun&& o) noexcept : start_{std::exchange(o.start_, nullptr)}, pages_{std::exchange(o.pages_, 0)} {}
    PageRun& operator=(PageRun&& o) noexcept {
        std::swap(start_, o.start_);
        std::swap(pages_, o.pages_);
        return *this;
    }
    PageRun(const PageRun&) = delete;
    PageRun& operator=(const PageRun&) = delete;
    ~PageRun();
    u8* data() const { return static_cast<u8*>(start_); }
    u64 pages() const { return pages_; }
    void* leak() { return std::exchange(start_, nullptr); }

private:
    PageRun(void* start, u64 pages) : start_{start}, pages_{pages} {}
    void* start_ = nullptr;
    u64 pages_ = 0;
};

}  // namespace xen::image
