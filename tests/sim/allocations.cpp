// SPDX-License-Identifier: MIT
#include "allocations.hpp"

#include <xen/heap.hpp>
#include <xen/memory.hpp>

#include <atomic>

namespace xen::sim {
namespace {

std::atomic<u64> blocks{0};
struct Plan {
    bool active = false, failed = false;
    u64 left = 0, seen = 0;
    unsigned depth = 0;        // a block that needs a page is one allocation
};
thread_local Plan plan;

bool refuse() {
    if (!plan.active || plan.depth) return false;
    ++plan.seen;
    if (plan.left--) return false;
    plan.active = false;
    plan.failed = true;
    return true;
}

struct Inner {
    Inner() { ++plan.depth; }
    ~Inner() { --plan.depth; }
};

}  // namespace

u64 live_blocks() { return blocks.load(std::memory_order_relaxed); }
void fail_allocation(u64 after) { plan = {true, false, after, 0, 0}; }
u64 stop_failing() {
    plan.active = false;
    return plan.seen;
}
bool allocation_failed() { return plan.failed; }

}  // namespace xen::sim

// The names that the linker gives to heap::allocate, heap::release, memory::allocate_heap_pages, memory::allocate_frames.
extern "C" {
void* __real__ZN3xen4heap8allocateEmm(xen::usize bytes, xen::usize align);
void __real__ZN3xen4heap7releaseEPv(void* p);
void* __real__ZN3xen6memory19allocate_heap_pagesENS_5OrderE(xen::Order order);
void __wrap__ZN3xen4heap7releaseEPv(void* p);
void* __wrap__ZN3xen4heap8allocateEmm(xen::usize bytes, xen::usize align);
void* __wrap__ZN3xen6memory19allocate_heap_pagesENS_5OrderE(xen::Order order);

void* __wrap__ZN3xen4heap8allocateEmm(xen::usize bytes, xen::usize align) {
    if (xen::sim::refuse()) return nullptr;
    xen::sim::Inner inner;
    void* p = __real__ZN3xen4heap8allocateEmm(bytes, align);
    if (p) xen::sim::blocks.fetch_add(1, std::memory_order_relaxed);
    return p;
}

void __wrap__ZN3xen4heap7releaseEPv(void* p) {
    if (p) xen::sim::blocks.fetch_sub(1, std::memory_order_relaxed);
    __real__ZN3xen4heap7releaseEPv(p);
}

void* __wrap__ZN3xen6memory19allocate_heap_pagesENS_5OrderE(xen::Order order) {
    if (xen::sim::refuse()) return nullptr;
    return __real__ZN3xen6memory19allocate_heap_pagesENS_5OrderE(order);
}
}

// The same for a C++ result.
namespace xen::sim {
Result<PageInfo&> really_allocate_frames(memory::Request r) __asm__("__real__ZN3xen6memory15allocate_framesENS0_7RequestE");
Result<PageInfo&> allocate_frames(memory::Request r) __asm__("__wrap__ZN3xen6memory15allocate_framesENS0_7RequestE");
Result<PageInfo&> allocate_frames(memory::Request r) {
    if (refuse()) return Errno::nomem;
    return really_allocate_frames(r);
}
}  // namespace xen::sim
