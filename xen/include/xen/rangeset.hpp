// SPDX-License-Identifier: MIT
// A set of numbers kept as sorted, disjoint, inclusive ranges: I/O ports, frames, interrupt lines that a domain
// may use. Not locked: changed while the domain is built or by control operations on a paused domain.
#pragma once

#include <xen/heap.hpp>

namespace xen {

class RangeSet {
public:
    struct Range {
        u64 first, last;
    };
    bool contains(u64 v) const { return contains(v, v); }
    bool contains(u64 first, u64 last) const;
    bool empty() const { return count_ == 0; }
    Status add(u64 first, u64 last);
    Status remove(u64 first, u64 last);
    usize size() const { return count_; }
    Range range(usize i) const { return ranges_[i]; }

private:
    Status reserve(usize n);
    Array<Range> ranges_;
    usize count_ = 0;
};

}  // namespace xen
