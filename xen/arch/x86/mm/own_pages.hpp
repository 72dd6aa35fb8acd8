// SPDX-License-Identifier: MIT
// The common L1 entry in line: RAM of the table's owner, a writable page where the entry is writable. What it refuses,
// because something is unusual or another CPU counts the same page, has been left as it was: the long way of entry.cpp
// decides. An entry costs 40 instructions instead of 180.
#pragma once

#include <asm/mm.hpp>
#include <xen/memory.hpp>
#include <xen/tlb.hpp>

namespace xen::mm {

class OwnPages {
public:
    explicit OwnPages(const Domain& d) : index_{PageInfo::index_of(d)} {}

    // The references of a new entry.
    [[gnu::always_inline]] bool take(Pte e) const {
        if (e.mfn() >= max_frame) [[unlikely]] return false;
        PageInfo& p = page_of(e.mfn());
        if (!count(p)) [[unlikely]] return false;
        // Who owns it is certain only now, that it cannot be freed any more.
        if (p.owner_index != index_ || (e.writable() && !use(p))) [[unlikely]] {
            put_page(p);
            return false;
        }
        return true;
    }
    // Those of one that is gone.
    [[gnu::always_inline]] bool give(Pte e) const {
        if (e.mfn() >= max_frame) [[unlikely]] return false;
        PageInfo& p = page_of(e.mfn());
        if (p.owner_index != index_ || (e.writable() && !unuse(p))) [[unlikely]] return false;
        u64 old = p.count.fetch_sub(1, std::memory_order_acq_rel);
        if ((old & PageInfo::kCountMask) == 1) [[unlikely]] memory::free_domain_page(p);
        return true;
    }

private:
    static constexpr u64 kWritable = static_cast<u64>(PageType::writable) << PageInfo::kTypeShift | PageInfo::kValidated;

    static bool count(PageInfo& p) {
        u64 old = p.count.load(std::memory_order_relaxed);
        // Allocated, which is a reference by itself, with no other flag and far from overflow.
        constexpr unsigned kMany = 40;
        if (old >> kMany != PageInfo::kAllocated >> kMany) [[unlikely]] return false;
        return p.count.compare_exchange_strong(old, old + 1, std::memory_order_acq_rel, std::memory_order_relaxed);
    }
    // One that was writable last and has no use now is as good: no TLB has anything else of it.
    static bool use(PageInfo& p) {
        u64 old = p.type.load(std::memory_order_relaxed);
        if (old - kWritable >= PageInfo::kTypeCountMask) [[unlikely]] return false;
        return p.type.compare_exchange_strong(old, old + 1, std::memory_order_acq_rel, std::memory_order_relaxed);
    }
    static bool unuse(PageInfo& p) {
        u64 old = p.type.load(std::memory_order_relaxed);
        if (old - kWritable - 1 >= PageInfo::kTypeCountMask) [[unlikely]] return false;
        if (old == kWritable + 1) p.tlb_stamp = tlb::clock();
        return p.type.compare_exchange_strong(old, old - 1, std::memory_order_acq_rel, std::memory_order_relaxed);
    }

    u32 index_;
};

}  // namespace xen::mm
