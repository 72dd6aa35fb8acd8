// SPDX-License-Identifier: MIT
#include "common/image/arena.hpp"

#include <new>

#include <xen/page.hpp>

namespace xen::image {
namespace {

constexpr usize kAlign = 16;
constexpr usize kBlock = 256 * 1024;
constexpr usize kOwnBlock = 64 * 1024;   // requests from this size on get a run of pages for themselves

constexpr usize rounded(usize n) { return (n + kAlign - 1) & ~(kAlign - 1); }

}  // namespace

// At the start of each run of pages.
struct alignas(kAlign) Arena::Block {
    Block* next;
    u64 pages;
};

Arena::~Arena() {
    while (Block* b = blocks_) {
        blocks_ = b->next;
        PageRun freed = PageRun::adopt(b, b->pages);
    }
}

// Room for `bytes` behind the header of a new block; nullptr at the limit.
void* Arena::allocate_own(usize bytes) {
    if (bytes > limit_ || used_ + bytes + sizeof(Block) > limit_) return nullptr;
    auto run = PageRun::create(bytes + sizeof(Block));
    if (!run) return nullptr;
    u64 pages = run.value().pages();
    used_ += pages * kPageSize;
    blocks_ = ::new (run.value().leak()) Block{blocks_, pages};
    return blocks_ + 1;
}

bool Arena::grow() {
    void* p = allocate_own(kBlock - sizeof(Block));
    if (!p) return false;
    next_ = static_cast<u8*>(p);
    left_ = kBlock - sizeof(Block);
    return true;
}

void* Arena::allocate(usize count, usize bytes) {
    usize n = 0;
    if (__builtin_mul_overflow(count, bytes, &n) || n > limit_) {
        exhausted_ = true;
        return nullptr;
    }
    n = rounded(n ? n : 1);
    void* p = nullptr;
    if (n >= kOwnBlock) {
        p = allocate_own(n);
    } else if (left_ >= n || grow()) {
        p = next_;
        next_ += n;
        left_ -= n;
    }
    if (!p) exhausted_ = true;
    return p;
}

}  // namespace xen::image
