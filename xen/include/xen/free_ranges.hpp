// SPDX-License-Identifier: MIT
// Physical memory before there is an allocator: the free ranges, whole pages, sorted. take() cuts from the top, so
// that low memory lasts. Boot CPU; what is left at the end goes to the allocator.
#pragma once

#include <array>

#include "lib/index.hpp"
#include "lib/maybe.hpp"

namespace xen::boot {

class FreeRanges {
public:
    struct Range {
        Paddr start{}, end{};
    };
    static constexpr usize kMax = 320;

    void add(Paddr start, Paddr end);      // not overlapping what is there; rounded inwards to pages
    void remove(Paddr start, Paddr end);   // rounded outwards to pages
    // `bytes` (rounded up to pages) at a multiple of `align` that end at or below `limit`.
    Maybe<Paddr> take(u64 bytes, u64 align, Paddr limit);
    u64 total() const;
    const Range* begin() const { return ranges_.data(); }
    const Range* end() const { return ranges_.data() + count_; }
    void clear() { count_ = 0; }

private:
    void insert(usize at, Range r);
    void erase(usize at);

    std::array<Range, kMax> ranges_{};
    usize count_ = 0;
};

}  // namespace xen::boot
