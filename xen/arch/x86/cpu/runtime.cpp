// SPDX-License-Identifier: MIT
// What compilers expect of a run time (Itanium C++ ABI 3.3.5, 3.2.6; libgcc's integer routines). Nothing is destroyed at an exit that
// never comes, and nothing is deleted through the global operator.
#include <xen/assert.hpp>

#include "lib/types.hpp"

namespace {

using u128 = unsigned __int128;
using s128 = __int128;
using xen::u64;

// high < d, so that the quotient fits.
u64 divide(u64 high, u64 low, u64 d, u64& rest) {
    u64 q;
    asm("divq %[d]" : "=a"(q), "=d"(rest) : "a"(low), "d"(high), [d] "r"(d) : "cc");
    return q;
}

u128 divide(u128 n, u128 d, u128& rest) {
    u64 high = static_cast<u64>(n >> 64), r = 0;
    if (d >> 64 == 0) {
        u64 small = static_cast<u64>(d);
        u64 q1 = divide(0, high, small, r);
        u64 q0 = divide(r, static_cast<u64>(n), small, r);
        rest = r;
        return u128{q1} << 64 | q0;
    }
    u128 q = 0;   // at most 64 bits: bit by bit, which nothing does often
    for (int i = 63; i >= 0; --i)
        if (n >> i >= d) {
            n -= d << i;
            q |= u128{1} << i;
        }
    rest = n;
    return q;
}

u128 magnitude(s128 v) { return v < 0 ? -static_cast<u128>(v) : static_cast<u128>(v); }

}  // namespace

extern "C" {
void* __dso_handle = nullptr;
int __cxa_atexit(void (*)(void*), void*, void*) { return 0; }
int __popcountdi2(long n) {   // without SSE there is no POPCNT either
    int bits = 0;
    for (auto v = static_cast<unsigned long>(n); v; v &= v - 1) ++bits;
    return bits;
}
// 128-bit division. The compiler's own library has red zones.
u128 __udivti3(u128 n, u128 d) {
    u128 rest;
    return divide(n, d, rest);
}
u128 __umodti3(u128 n, u128 d) {
    u128 rest;
    divide(n, d, rest);
    return rest;
}
s128 __divti3(s128 n, s128 d) {
    u128 q = __udivti3(magnitude(n), magnitude(d));
    return static_cast<s128>((n < 0) != (d < 0) ? -q : q);
}
s128 __modti3(s128 n, s128 d) {
    u128 r = __umodti3(magnitude(n), magnitude(d));
    return static_cast<s128>(n < 0 ? -r : r);
}
void __cxa_pure_virtual() { xen::panic("pure virtual function called"); }
}

void operator delete(void*) noexcept { xen::panic("operator delete"); }
void operator delete(void*, std::size_t) noexcept { xen::panic("operator delete"); }
