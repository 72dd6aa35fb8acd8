// SPDX-License-Identifier: MIT
// Arithmetic of timer intervals, pure.
#pragma once

#include "lib/types.hpp"

namespace xen::apic {

inline constexpr u64 kNsPerSecond = 1000000000;

// At least `ns` at `hz` ticks a second, rounded up; hz up to 18 GHz.
constexpr u64 ticks_for(u64 ns, u64 hz) {
    return ns / kNsPerSecond * hz + (ns % kNsPerSecond * hz + kNsPerSecond - 1) / kNsPerSecond;
}
// What the 32-bit counter takes; 0 would stop it.
constexpr u32 clamp_count(u64 ticks) {
    if (ticks == 0) return 1;
    return ticks > 0xffffffff ? 0xffffffff : static_cast<u32>(ticks);
}

}  // namespace xen::apic
