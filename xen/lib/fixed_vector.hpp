// SPDX-License-Identifier: MIT
// FixedVector<T, N>: up to N elements in place, for what is parsed before there is an allocator. push() says whether
// there was room; the caller reports what it had to leave out.
#pragma once

#include <array>

#include "lib/types.hpp"

namespace xen {

template <class T, usize N>
class FixedVector {
public:
    static constexpr usize kCapacity = N;
    constexpr bool push(const T& v) {
        if (size_ == N) return false;
        items_[size_++] = v;
        return true;
    }
    constexpr void erase(usize at) {
        for (--size_; at < size_; ++at) items_[at] = items_[at + 1];
    }
    constexpr void clear() { size_ = 0; }
    constexpr usize size() const { return size_; }
    constexpr bool empty() const { return size_ == 0; }
    constexpr T& operator[](usize i) { return items_[i]; }
    constexpr const T& operator[](usize i) const { return items_[i]; }
    constexpr const T* data() const { return items_.data(); }
    constexpr T* begin() { return items_.data(); }
    constexpr T* end() { return items_.data() + size_; }
    constexpr const T* begin() const { return items_.data(); }
    constexpr const T* end() const { return items_.data() + size_; }

private:
    std::array<T, N> items_{};
    usize size_ = 0;
};

}  // namespace xen
