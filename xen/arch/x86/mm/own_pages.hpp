// SPDX-License-Identifier: MIT
// The common L1 entry in line: RAM of the table's owner, a writable page where the entry is writable. What it refuses,
// because something is unusual or another CPU counts the same page, has been left as it was: the long way of entry.cpp
// decides. An entry costs 40 instructions instead of 180.
#pragma once

#include <asm/mm.hpp>
#include <xen/memory.hpp>
#include <xen/writable_page.hpp>

namespace xen::mm {

class OwnPages {
public:
    // While the owner's changed pages are recorded, everything goes the long way. The tables lock is held.
    explicit OwnPages(const Domain& d) : index_{PageInfo::index_of(d)}, end_{d.arch.own_pages_end} {}
    static u64 end_of_memory() { return max_frame.raw() * sizeof(PageInfo); }

    // The references of a new entry.
    [[gnu::always_inline]] bool take(Pte e) const {
        u64 at = offset_of(e);
        if (at >= end_) [[unlikely]] return false;
        PageInfo& p = info_at(at);
        if (!count(p)) [[unlikely]] return false;
        // Who owns it is certain only now, that it cannot be freed any more.
        if (p.owner_index != index_ || (e.writable() && !writable_page::use(p))) [[unlikely]]
            return refuse(p);
        return true;
    }
    // Those of one that is gone.
    [[gnu::always_inline]] bool give(Pte e) const {
        u64 at = offset_of(e);
        if (at >= end_) [[unlikely]] return false;
        PageInfo& p = info_at(at);
        if (p.owner_index != index_ || (e.writable() && !writable_page::unuse(p))) [[unlikely]] return false;
        u64 old = p.count.fetch_sub(1, std::memory_order_acq_rel);
        if (old << kFlagBits == u64{1} << kFlagBits) [[unlikely]] memory::free_domain_page(p);
        return true;
    }

    bool recorded() const { return !end_; }

private:
    // Where the frame's descriptor is, in bytes, from the entry by one shift instead of two.
    static constexpr unsigned kShift = kPageShift - 5;
    static_assert(sizeof(PageInfo) == 1 << 5);
    static u64 offset_of(Pte e) { return (e.raw & Pte::kAddress) >> kShift; }
    static PageInfo& info_at(u64 offset) { return *reinterpret_cast<PageInfo*>(reinterpret_cast<char*>(frame_table) + offset); }

    static constexpr unsigned kFlagBits = 10;   // above the count: shifted out, which takes no mask of 64 bits
    static_assert(PageInfo::kCountMask == ~u64{0} >> kFlagBits);

    static bool count(PageInfo& p) {
        u64 old = p.count.load(std::memory_order_relaxed);
        // Allocated, which is a reference by itself, with no other flag and far from overflow.
        constexpr unsigned kMany = 40;
        if (old >> kMany != PageInfo::kAllocated >> kMany) [[unlikely]] return false;
        return p.count.compare_exchange_strong(old, old + 1, std::memory_order_acq_rel, std::memory_order_relaxed);
    }
    [[gnu::noinline, gnu::cold]] static bool refuse(PageInfo& p) {
        put_page(p);
        return false;
    }

    u32 index_;
    u64 end_;
};

}  // namespace xen::mm
