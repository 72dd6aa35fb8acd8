// SPDX-License-Identifier: MIT
// The memory of one decoder: blocks are handed out one behind the other and freed all together when the arena goes.
// Not locked: one user.
#pragma once

#include "common/image/page_run.hpp"

namespace xen::image {

class Arena {
public:
    explicit Arena(u64 limit = kLimit) : limit_{limit} {}
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;
    ~Arena();
    // `count` objects of `bytes` each, aligned to 16, not zeroed; nullptr when memory or the limit is reached.
    void* allocate(usize count, usize bytes);
    u64 used() const { return used_; }
    bool exhausted() const { return exhausted_; }

    // xz -9 and zstd --ultra need no more.
    static constexpr u64 kLimit = u64{192} << 20;

private:
    struct Block;
    void* allocate_own(usize bytes);
    bool grow();

    u64 limit_;
    u64 used_ = 0;          // pages taken, in bytes
    Block* blocks_ = nullptr;
    u8* next_ = nullptr;    // free part of the block that small requests come from
    usize left_ = 0;
    bool exhausted_ = false;
};

}  // namespace xen::image
