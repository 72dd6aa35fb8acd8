// SPDX-License-Identifier: MIT
// What compilers expect of a run time (Itanium C++ ABI 3.3.5, 3.2.6; libgcc's integer routines). Nothing is destroyed at an exit
// that never comes, and nothing is deleted through the global operator.
#include <xen/assert.hpp>

#include "lib/types.hpp"

namespace {

using u128 = unsigned __int128;
using s128 = __int128;
using xen::u64;

// Bit by bit: rare, and never in a path that is waited for.
u128 divide(u128 n, u128 d, u128& rest) {
    if (!(n >> 64) && !(d >> 64)) {
        rest = static_cast<u64>(n) % static_cast<u64>(d);
        return static_cast<u64>(n) / static_cast<u64>(d);
    }
    u128 q = 0, r = 0;
    for (int i = 127; i >= 0; --i) {
        bool carry = r >> 127;
        r = r << 1 | (n >> i & 1);
        if (carry || r >= d) {
            r -= d;
            q |= u128{1} << i;
        }
    }
    rest = r;
    return q;
}

u128 magnitude(s128 v) { return v < 0 ? -static_cast<u128>(v) : static_cast<u128>(v); }

}  // namespace

extern "C" {
void* __dso_handle = nullptr;
int __cxa_atexit(void (*)(void*), void*, void*) { return 0; }
int __popcountdi2(long n) {   // CNT is an instruction of the vector registers
    u64 v = static_cast<u64>(n);
    v -= v >> 1 & 0x5555555555555555;
    v = (v & 0x3333333333333333) + (v >> 2 & 0x3333333333333333);
    v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0f;
    return static_cast<int>(v * 0x0101010101010101 >> 56);
}
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
