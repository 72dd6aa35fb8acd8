// SPDX-License-Identifier: MIT
// Interrupt vectors. 0x80 and 0x82 belong to guests (int 0x80 of Linux, the hypercall gate of 32-bit guests).
#pragma once

#include "lib/types.hpp"

namespace xen::vectors {

inline constexpr u8 kLegacyFirst = 0x20, kLegacyLast = 0x2f;     // where the masked 8259s would deliver
inline constexpr u8 kDynamicFirst = 0x30, kDynamicLast = 0xdf;   // device lines
inline constexpr u8 kGuestInt80 = 0x80, kGuestHypercall = 0x82;
inline constexpr u8 kSerialHigh = 0xe0;                          // the hypervisor's own lines
inline constexpr u8 kHalt = 0xf8;                                // stop for good
inline constexpr u8 kTimer = 0xf9;
inline constexpr u8 kCallFunction = 0xfa;
inline constexpr u8 kEventCheck = 0xfb;
inline constexpr u8 kTlbFlush = 0xfc;
inline constexpr u8 kError = 0xfe;
inline constexpr u8 kSpurious = 0xff;

}  // namespace xen::vectors
