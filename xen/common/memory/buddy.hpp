// SPDX-License-Identifier: MIT
// The buddy allocator of one zone of one node: free blocks of 2^order frames on a list for each order, linked
// through their PageInfo. A free block's head has PageInfo::kFree and its order in owner_index; its other
// frames have count 0. Two free buddies are never left unmerged. Not locked: the caller is.
#pragma once

#include <array>

#include <xen/memory.hpp>

namespace xen::memory {

class Buddy {
public:
    constexpr Buddy() = default;
    // `mark` tells its free blocks from another allocator's of the same zone: the two are never merged.
    constexpr explicit Buddy(u32 mark) : mark_{mark} {}
    // The head of a block of exactly 2^order frames, taken off; `limit`: the block must end at or below it.
    PageInfo* take(Order order, Mfn limit);
    void give(PageInfo& head, Order order);
    u64 free_frames() const { return free_; }
    u32 blocks(unsigned order) const { return counts_[order]; }   // free ones of exactly this order

private:
    void push(PageInfo& head, unsigned order);
    void remove(PageInfo& head, unsigned order);
    PageInfo* find(unsigned order, Mfn limit) const;
    bool is_free_block(Mfn f, unsigned order) const;

    std::array<u32, kMaxOrder + 1> heads_{};
    u32 filled_ = 0;   // a bit for each order that has a block: the smallest that does is found at once
    static_assert(kMaxOrder < 32);
    std::array<u32, kMaxOrder + 1> counts_{};
    u64 free_ = 0;
    u32 mark_ = 0;
};

}  // namespace xen::memory
