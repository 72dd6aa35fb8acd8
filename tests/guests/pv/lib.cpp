// SPDX-License-Identifier: MIT
// What the compiler may call, and the few string functions the guest uses.
#include "lib.hpp"

extern "C" void* memset(void* to, int value, std::size_t n) {
    void* d = to;
    asm volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(value) : "memory");
    return to;
}

extern "C" void* memcpy(void* to, const void* from, std::size_t n) {
    void* d = to;
    asm volatile("rep movsb" : "+D"(d), "+S"(from), "+c"(n) : : "memory");
    return to;
}

extern "C" void* memmove(void* to, const void* from, std::size_t n) {
    u8* d = static_cast<u8*>(to);
    const u8* s = static_cast<const u8*>(from);
    if (d <= s) return memcpy(to, from, n);
    while (n--) d[n] = s[n];
    return to;
}

extern "C" int memcmp(const void* a, const void* b, std::size_t n) {
    const u8* x = static_cast<const u8*>(a);
    const u8* y = static_cast<const u8*>(b);
    for (std::size_t i = 0; i < n; ++i)
        if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
    return 0;
}

extern "C" std::size_t strlen(const char* text) {
    std::size_t n = 0;
    for (; text[n]; ++n)
        asm volatile("" : "+r"(n)); // keeps the loop from becoming a call to strlen
    return n;
}

bool same_text(const char* a, const char* b) {
    std::size_t n = strlen(a);
    return n == strlen(b) && memcmp(a, b, n) == 0;
}

bool starts_with(const char* text, const char* prefix) {
    while (*prefix)
        if (*text++ != *prefix++) return false;
    return true;
}
