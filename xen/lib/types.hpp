// SPDX-License-Identifier: MIT
// The integer names used everywhere. Nothing else belongs here.
#pragma once

#include <cstddef>
#include <cstdint>

namespace xen {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using s8 = std::int8_t;
using s16 = std::int16_t;
using s32 = std::int32_t;
using s64 = std::int64_t;
using usize = std::size_t;
using uptr = std::uintptr_t;
using sptr = std::intptr_t;

inline constexpr unsigned kPageShift = 12;
inline constexpr usize kPageSize = usize{1} << kPageShift;
inline constexpr u64 kPageMask = ~u64{kPageSize - 1};

}  // namespace xen
