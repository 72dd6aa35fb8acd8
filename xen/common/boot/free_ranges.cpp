// SPDX-License-Identifier: MIT
#include <xen/free_ranges.hpp>

namespace xen::boot {

void FreeRanges::insert(usize at, Range r) {
    if (count_ == kMax) return;  // that memory stays unused
    for (usize i = count_; i > at; --i) ranges_[i] = ranges_[i - 1];
    ranges_[at] = r;
    ++count_;
}

void FreeRanges::erase(usize at) {
    --count_;
    for (usize i = at; i < count_; ++i) ranges_[i] = ranges_[i + 1];
}

void FreeRanges::add(Paddr start, Paddr end) {
    Range r{Paddr{(start.raw() + kPageSize - 1) & kPageMask}, Paddr{end.raw() & kPageMask}};
    if (r.start >= r.end) return;
    usize at = 0;
    while (at < count_ && ranges_[at].start < r.start) ++at;
    insert(at, r);
}

void FreeRanges::remove(Paddr start, Paddr end) {
    Paddr first{start.raw() & kPageMask}, last{(end.raw() + kPageSize - 1) & kPageMask};
    for (usize i = 0; i < count_;) {
        Range r = ranges_[i];
        if (r.end <= first || r.start >= last) {
            ++i;
            continue;
        }
        erase(i);
        if (r.start < first) insert(i++, {r.start, first});
        if (last < r.end) insert(i++, {last, r.end});
    }
}

Maybe<Paddr> FreeRanges::take(u64 bytes, u64 align, Paddr limit) {
    bytes = (bytes + kPageSize - 1) & kPageMask;
    for (usize i = count_; i-- > 0;) {
        Range r = ranges_[i];
        u64 end = r.end < limit ? r.end.raw() : limit.raw();
        if (end < bytes) continue;
        u64 start = (end - bytes) & ~(align - 1);
        if (start < r.start.raw() || start + bytes > end) continue;
        remove(Paddr{start}, Paddr{start + bytes});
        return Paddr{start};
    }
    return nothing;
}

u64 FreeRanges::total() const {
    u64 n = 0;
    for (const Range& r : *this) n += r.end - r.start;
    return n;
}

}  // namespace xen::boot
