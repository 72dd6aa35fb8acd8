// SPDX-License-Identifier: MIT
// Uses of a page as a writable one, in line, where that is what it is or was last: no TLB has anything else of it then. What
// these refuse has been left as it was: get_page_type() and put_page_type() decide. 6 instructions instead of 40.
#pragma once

#include <xen/log_dirty.hpp>
#include <xen/page.hpp>
#include <xen/tlb.hpp>

namespace xen::writable_page {

inline constexpr u64 kUnused = static_cast<u64>(PageType::writable) << PageInfo::kTypeShift | PageInfo::kValidated;

// As many uses as a comparison with a constant can tell: more are for the long way.
inline constexpr u64 kMost = 0x7fffffff;

// One use more; false too when another CPU counts the same page.
[[gnu::always_inline]] inline bool use(PageInfo& p) {
    u64 old = p.type.load(std::memory_order_relaxed);
    if (old - kUnused >= kMost) [[unlikely]] return false;
    return p.type.compare_exchange_strong(old, old + 1, std::memory_order_acq_rel, std::memory_order_relaxed);
}
// One use less; the last one notes when the page was unmapped.
[[gnu::always_inline]] inline bool unuse(PageInfo& p) {
    u64 old = p.type.load(std::memory_order_relaxed);
    // One comparison where uses are left; the other two cases behind it.
    if (old - (kUnused + 2) >= kMost) [[unlikely]] {
        if (old != kUnused + 1) return false;
        p.tlb_stamp = tlb::clock();
    }
    return p.type.compare_exchange_strong(old, old - 1, std::memory_order_acq_rel, std::memory_order_relaxed);
}

// The same for whoever does not mind a call.
[[gnu::always_inline]] inline bool get(PageInfo& p) {
    return use(p) || get_page_type(p, PageType::writable).ok();
}
[[gnu::always_inline]] inline void put(PageInfo& p) {
    log_dirty::written(p);
    if (!unuse(p)) [[unlikely]] put_page_type(p);
}

}  // namespace xen::writable_page
