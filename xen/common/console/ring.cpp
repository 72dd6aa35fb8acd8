// SPDX-License-Identifier: MIT
#include "common/console/ring.hpp"

namespace xen::console {

void LogRing::put(Str text) {
    for (char c : text) space_[end_++ & (size_ - 1)] = c;
    if (end_ - begin_ > size_) begin_ = end_ - size_;
}

u32 LogRing::start_after(u32 index) const {
    return index - begin_ <= end_ - begin_ ? index : begin_;
}

u32 LogRing::copy(u32 from, char* to, u32 n) const {
    if (from - begin_ > end_ - begin_) from = begin_;  // overwritten meanwhile
    u32 have = end_ - from;
    if (n > have) n = have;
    for (u32 i = 0; i < n; ++i) to[i] = space_[(from + i) & (size_ - 1)];
    return n;
}

void LogRing::clear_to(u32 index) {
    if (index - begin_ <= end_ - begin_) begin_ = index;
}

char* LogRing::move_to(char* space, u32 size) {
    u32 keep = end_ - begin_ < size ? end_ - begin_ : size;
    begin_ = end_ - keep;
    for (u32 i = begin_; i != end_; ++i) space[i & (size - 1)] = space_[i & (size_ - 1)];
    char* old = space_;
    space_ = space;
    size_ = size;
    return old;
}

}  // namespace xen::console
