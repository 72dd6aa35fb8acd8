// SPDX-License-Identifier: MIT
// The memory functions that compilers call, and the few string helpers the hypervisor needs.
#pragma once

#include "lib/types.hpp"

extern "C" {
void* memcpy(void* __restrict to, const void* __restrict from, std::size_t n) noexcept;
void* memmove(void* to, const void* from, std::size_t n) noexcept;
void* memset(void* to, int c, std::size_t n) noexcept;
int memcmp(const void* a, const void* b, std::size_t n) noexcept;
std::size_t strlen(const char* s) noexcept;
int strcmp(const char* a, const char* b) noexcept;
int strncmp(const char* a, const char* b, std::size_t n) noexcept;
}

namespace xen {

// A view of characters that need not end in a NUL.
class Str {
public:
    constexpr Str() = default;
    constexpr Str(const char* s) : data_{s}, size_{s ? __builtin_strlen(s) : 0} {}
    constexpr Str(const char* s, usize n) : data_{s}, size_{n} {}
    constexpr const char* data() const { return data_; }
    constexpr usize size() const { return size_; }
    constexpr bool empty() const { return size_ == 0; }
    constexpr char operator[](usize i) const { return data_[i]; }
    constexpr const char* begin() const { return data_; }
    constexpr const char* end() const { return data_ + size_; }
    constexpr Str substr(usize from, usize n = ~usize{0}) const {
        if (from > size_) from = size_;
        return {data_ + from, n < size_ - from ? n : size_ - from};
    }
    constexpr usize find(char c) const {
        for (usize i = 0; i < size_; ++i)
            if (data_[i] == c) return i;
        return npos;
    }
    constexpr bool starts_with(Str p) const { return size_ >= p.size_ && substr(0, p.size_) == p; }
    friend constexpr bool operator==(Str a, Str b) {
        if (a.size_ != b.size_) return false;
        for (usize i = 0; i < a.size_; ++i)
            if (a.data_[i] != b.data_[i]) return false;
        return true;
    }
    static constexpr usize npos = ~usize{0};

private:
    const char* data_ = "";
    usize size_ = 0;
};

// Copies at most cap - 1 characters and ends with a NUL; returns the characters copied.
usize copy_string(char* to, usize cap, Str from);

}  // namespace xen
