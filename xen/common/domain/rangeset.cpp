// SPDX-License-Identifier: MIT
#include <xen/rangeset.hpp>

namespace xen {

bool RangeSet::contains(u64 first, u64 last) const {
    for (usize i = 0; i < count_; ++i)
        if (first >= ranges_[i].first && last <= ranges_[i].last) return true;
    return false;
}

Status RangeSet::reserve(usize n) {
    if (n <= ranges_.size()) return {};
    auto bigger = TRY(Array<Range>::create(n < 4 ? 4 : n * 2));
    for (usize i = 0; i < count_; ++i) bigger[i] = ranges_[i];
    ranges_ = std::move(bigger);
    return {};
}

// Swallows what it touches, then goes in at its place.
Status RangeSet::add(u64 first, u64 last) {
    if (first > last) return Errno::inval;
    TRY(reserve(count_ + 1));
    usize out = 0;
    usize place = 0;
    for (usize i = 0; i < count_; ++i) {
        Range r = ranges_[i];
        bool before = r.last < first && r.last + 1 != first;
        bool after = last < r.first && last + 1 != r.first;
        if (!before && !after) {
            if (r.first < first) first = r.first;
            if (r.last > last) last = r.last;
            continue;
        }
        ranges_[out++] = r;
        if (before) place = out;
    }
    for (usize i = out; i > place; --i) ranges_[i] = ranges_[i - 1];
    ranges_[place] = {first, last};
    count_ = out + 1;
    return {};
}

Status RangeSet::remove(u64 first, u64 last) {
    if (first > last) return Errno::inval;
    TRY(reserve(count_ + 1));  // a range may be split
    usize out = 0;
    Range split{};
    bool is_split = false;
    for (usize i = 0; i < count_; ++i) {
        Range r = ranges_[i];
        if (r.last < first || r.first > last) {
            ranges_[out++] = r;
            continue;
        }
        bool left = r.first < first;
        bool right = r.last > last;
        if (left && right) {
            split = {last + 1, r.last};
            is_split = true;
        }
        if (left) ranges_[out++] = {r.first, first - 1};
        else if (right) ranges_[out++] = {last + 1, r.last};
    }
    count_ = out;
    return is_split ? add(split.first, split.last) : Status{};
}

}  // namespace xen
