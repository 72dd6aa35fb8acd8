// SPDX-License-Identifier: MIT
// memcpy and memset where the architecture has none of its own. Word loops that a compiler must not turn back into
// calls of themselves.
#include "lib/string.hpp"

namespace {
using Word [[gnu::may_alias, gnu::aligned(1)]] = std::uint64_t;
}

extern "C" {

void* memcpy(void* __restrict to, const void* __restrict from, std::size_t n) noexcept {
    auto* d = static_cast<unsigned char*>(to);
    auto* s = static_cast<const unsigned char*>(from);
    for (; n >= 8; n -= 8, d += 8, s += 8)
        *reinterpret_cast<Word*>(d) = *reinterpret_cast<const Word*>(s);
    while (n--) *d++ = *s++;
    return to;
}

void* memset(void* to, int c, std::size_t n) noexcept {
    auto* d = static_cast<unsigned char*>(to);
    const std::uint64_t word = 0x0101010101010101ull * static_cast<unsigned char>(c);
    for (; n >= 8; n -= 8, d += 8) *reinterpret_cast<Word*>(d) = word;
    while (n--) *d++ = static_cast<unsigned char>(c);
    return to;
}

}  // extern "C"
