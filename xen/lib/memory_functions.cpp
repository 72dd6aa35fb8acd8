// SPDX-License-Identifier: MIT
// memcpy and friends for the freestanding image (the host builds take libc's): string instructions for much, word loops
// for little, that a compiler must not turn back into calls of themselves.
#include "lib/string.hpp"

namespace {
using Word [[gnu::may_alias, gnu::aligned(1)]] = std::uint64_t;

// From here on the processor's string instructions need fewer steps than a loop: one for each word.
constexpr std::size_t kString = 64;

#ifdef __x86_64__
void copy_words(unsigned char*& to, const unsigned char*& from, std::size_t words) {
    asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words)::"memory");
}
void fill_words(unsigned char*& to, std::uint64_t word, std::size_t words) {
    asm volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(word) : "memory");
}
#else
void copy_words(unsigned char*& to, const unsigned char*& from, std::size_t words) {
    for (; words; --words, to += 8, from += 8) *reinterpret_cast<Word*>(to) = *reinterpret_cast<const Word*>(from);
}
void fill_words(unsigned char*& to, std::uint64_t word, std::size_t words) {
    for (; words; --words, to += 8) *reinterpret_cast<Word*>(to) = word;
}
#endif
}  // namespace

extern "C" {

void* memcpy(void* __restrict to, const void* __restrict from, std::size_t n) noexcept {
    auto* d = static_cast<unsigned char*>(to);
    auto* s = static_cast<const unsigned char*>(from);
    if (n >= kString) {
        copy_words(d, s, n / 8);
        n %= 8;
    }
    for (; n >= 8; n -= 8, d += 8, s += 8)
        *reinterpret_cast<Word*>(d) = *reinterpret_cast<const Word*>(s);
    while (n--) *d++ = *s++;
    return to;
}

void* memmove(void* to, const void* from, std::size_t n) noexcept {
    auto* d = static_cast<unsigned char*>(to);
    auto* s = static_cast<const unsigned char*>(from);
    if (d <= s || d >= s + n) return memcpy(to, from, n);
    while (n--) d[n] = s[n];
    return to;
}

void* memset(void* to, int c, std::size_t n) noexcept {
    auto* d = static_cast<unsigned char*>(to);
    const std::uint64_t word = 0x0101010101010101ull * static_cast<unsigned char>(c);
    if (n >= kString) {
        fill_words(d, word, n / 8);
        n %= 8;
    }
    for (; n >= 8; n -= 8, d += 8) *reinterpret_cast<Word*>(d) = word;
    while (n--) *d++ = static_cast<unsigned char>(c);
    return to;
}

int memcmp(const void* a, const void* b, std::size_t n) noexcept {
    auto* x = static_cast<const unsigned char*>(a);
    auto* y = static_cast<const unsigned char*>(b);
    for (std::size_t i = 0; i < n; ++i)
        if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
    return 0;
}

std::size_t strlen(const char* s) noexcept {
    std::size_t n = 0;
    while (s[n]) ++n;
    return n;
}

int strcmp(const char* a, const char* b) noexcept { return strncmp(a, b, ~std::size_t{0}); }

int strncmp(const char* a, const char* b, std::size_t n) noexcept {
    for (std::size_t i = 0; i < n; ++i) {
        if (a[i] != b[i]) return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[i]) ? -1 : 1;
        if (!a[i]) break;
    }
    return 0;
}

}  // extern "C"
