// SPDX-License-Identifier: MIT
// What libfdt asks of a C library beyond lib/string.hpp, in the image only (C11 7.24.5 and POSIX strnlen).
#include "lib/string.hpp"

extern "C" {
void* memchr(const void* in, int c, std::size_t n) noexcept;
std::size_t strnlen(const char* s, std::size_t n) noexcept;
char* strrchr(const char* s, int c) noexcept;

void* memchr(const void* in, int c, std::size_t n) noexcept {
    auto* p = static_cast<unsigned char*>(const_cast<void*>(in));
    for (; n; --n, ++p)
        if (*p == static_cast<unsigned char>(c)) return p;
    return nullptr;
}

std::size_t strnlen(const char* s, std::size_t n) noexcept {
    std::size_t i = 0;
    while (i < n && s[i]) ++i;
    return i;
}

char* strrchr(const char* s, int c) noexcept {
    const char* last = nullptr;
    for (;; ++s) {
        if (*s == static_cast<char>(c)) last = s;
        if (!*s) return const_cast<char*>(last);
    }
}
}
