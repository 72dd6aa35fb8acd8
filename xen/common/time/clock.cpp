// SPDX-License-Identifier: MIT
// One base for all CPUs, whose counters run together: a counter value, the time it stands for, and the scale from
// there. Replaced under a sequence count, so that readers need no lock and NMIs may read.
#include <asm/cpu.hpp>
#include <xen/time.hpp>

#include <atomic>

namespace xen::time {
namespace {

struct Base {
    u64 tsc = 0;
    u64 system = 0;
    Scale scale{};
    u64 khz = 0;
};

// The writer fills the slot that readers do not use, then turns the count.
Base slots[2];
std::atomic<u32> turns{0};

Base base() {
    for (;;) {
        u32 before = turns.load(std::memory_order_acquire);
        Base b = slots[before & 1];
        std::atomic_thread_fence(std::memory_order_acquire);
        if (turns.load(std::memory_order_relaxed) - before < 1) return b;
    }
}

u64 at(const Base& b, u64 tsc) {
    // A counter read just before the base was taken may lie behind it by a little.
    return static_cast<s64>(tsc - b.tsc) < 0 ? b.system : b.system + scaled(tsc - b.tsc, b.scale);
}

void replace(const Base& b) {
    u32 next = turns.load(std::memory_order_relaxed) + 1;
    slots[next & 1] = b;
    turns.store(next, std::memory_order_release);
}

}  // namespace

u64 counter() { return arch::read_counter(); }

Nanos from_tsc(u64 tsc) { return Nanos{static_cast<s64>(at(base(), tsc))}; }
// As from_tsc(counter()), without copying the base: the most frequent question of all.
Nanos now() {
    for (;;) {
        u32 before = turns.load(std::memory_order_acquire);
        u64 system = at(slots[before & 1], counter());
        std::atomic_thread_fence(std::memory_order_acquire);
        if (turns.load(std::memory_order_relaxed) == before) [[likely]] return Nanos{static_cast<s64>(system)};
    }
}
u64 tsc_khz() { return base().khz; }
Scale tsc_scale() { return base().scale; }
u32 generation() { return turns.load(std::memory_order_acquire); }

Stamp local_stamp() {
    Base b = base();
    return {b.tsc, Nanos{static_cast<s64>(b.system)}};
}

void start(u64 khz, u64 zero) { replace({zero, 0, scale_for(khz), khz}); }

void adjust(u64 khz) {
    Base b = base();
    u64 tsc = counter();
    replace({tsc, at(b, tsc), scale_for(khz), khz});
}

void busy_wait(Nanos n) {
    if (!tsc_khz()) return;
    for (Nanos end = now() + n.raw(); now() < end;) arch::relax();
}

}  // namespace xen::time
