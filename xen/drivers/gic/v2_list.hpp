// SPDX-License-Identifier: MIT
// List registers of a GICv2 (ARM IHI 0048 5.3.9) and of a GICv3 (IHI 0069 12.4.5): the same fields elsewhere. Of a software
// interrupt the v2 has the sender of an SGI where the v3 layout has bits 34 to 32, and its EOI request in bit 19 and 41.
#pragma once

#include "lib/types.hpp"

namespace xen::gic::v2 {

inline constexpr u32 kHardware = u32{1} << 31, kGroup1 = u32{1} << 30;

constexpr u64 to_v3(u32 lr) {
    u64 v = lr & 0x3ff;
    v |= u64{lr >> 10 & 0x3ff} << 32;               // physical number; or sender, and bit 19 as bit 41
    v |= u64{lr >> 23 & 0x1f} << 51;                // priority: the upper five of eight bits
    v |= u64{lr & kGroup1 ? 1u : 0u} << 60 | u64{lr & kHardware ? 1u : 0u} << 61;
    return v | u64{lr >> 28 & 3} << 62;
}

constexpr u32 from_v3(u64 v) {
    u32 lr = static_cast<u32>(v & 0x3ff) | static_cast<u32>(v >> 32 & 0x3ff) << 10;
    lr |= static_cast<u32>(v >> 51 & 0x1f) << 23;
    if (v >> 60 & 1) lr |= kGroup1;
    if (v >> 61 & 1) lr |= kHardware;
    return lr | static_cast<u32>(v >> 62 & 3) << 28;
}

static_assert(from_v3(to_v3(0xffffffff)) == (0xffffffff & ~(u32{7} << 20)));
static_assert(to_v3(kHardware | u32{1} << 28 | 27 << 10 | 27) == (u64{1} << 62 | u64{1} << 61 | u64{27} << 32 | 27));

}  // namespace xen::gic::v2
