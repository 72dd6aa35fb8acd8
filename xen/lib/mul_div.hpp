// SPDX-License-Identifier: MIT
// a * b / c with a 128-bit product: compilers call a library for that division, and there is none here. Slow; for set-up
// and calibration.
#pragma once

#include "lib/types.hpp"

namespace xen {

// Rounded down; c is not 0 and the result fits.
constexpr u64 mul_div(u64 a, u64 b, u64 c) {
    unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
    u64 quotient = 0, rest = 0;
    for (int bit = 127; bit >= 0; --bit) {
        bool carry = rest >> 63;
        rest = rest << 1 | (static_cast<u64>(product >> bit) & 1);
        quotient <<= 1;
        if (carry || rest >= c) {
            rest -= c;
            quotient |= 1;
        }
    }
    return quotient;
}
static_assert(mul_div(~u64{0}, ~u64{0}, ~u64{0}) == ~u64{0});
static_assert(mul_div(1000000007, 1000000009, 10) == 100000001600000006);

}  // namespace xen
