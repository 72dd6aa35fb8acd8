// SPDX-License-Identifier: MIT
#include "arch/arm/guest_build/spaces.hpp"

namespace xen::guest_build {
namespace {

using device_tree::Range;

constexpr u64 kAlign = 2 << 20, kLeast = 64 << 20;
constexpr usize kMost = 8;

void add(Ranges& spaces, u64 start, u64 end) {
    start = (start + kAlign - 1) & ~(kAlign - 1);
    end &= ~(kAlign - 1);
    if (start < end && end - start >= kLeast && spaces.size() < kMost) (void)spaces.push({start, end - start});
}

// The first of them that ends behind `at`; nothing behind it: it begins at `limit`.
Range next_occupied(const Occupied& occupied, u64 at, u64 limit) {
    Range next{limit, 0};
    for (const Range& r : occupied)
        if (r.start + r.bytes > at && r.start < next.start) next = r;
    return next;
}

void add_free(Ranges& spaces, Range candidate, const Occupied& occupied) {
    u64 end = candidate.start + candidate.bytes;
    for (u64 at = candidate.start; at < end;) {
        Range next = next_occupied(occupied, at, end);
        if (next.start > at) add(spaces, at, next.start);
        at = next.start + next.bytes;
    }
}

}  // namespace

Ranges free_space(std::span<const Range> candidates, const Occupied& occupied) {
    Ranges spaces;
    for (const Range& c : candidates) add_free(spaces, c, occupied);
    return spaces;
}

Ranges machine_space(std::span<const MemoryRange> machine, const Occupied& occupied) {
    Ranges spaces;
    for (const MemoryRange& r : machine)
        if (r.type == MemoryType::ram) add_free(spaces, {r.start.raw(), r.bytes}, occupied);
    return spaces;
}

Range grant_space(Paddr image, u32 frames) { return {image.raw(), u64{frames} << kPageShift}; }

}  // namespace xen::guest_build
