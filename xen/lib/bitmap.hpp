// SPDX-License-Identifier: MIT
// Bitmap<N>: a fixed set of small integers. Single-bit updates come plain and atomic; whole-set
// operations are plain, so the owner's lock (or a snapshot) makes them meaningful.
#pragma once

#include <array>
#include <bit>

#include "lib/types.hpp"

namespace xen {

template <usize N>
class Bitmap {
public:
    static constexpr usize kBits = N;
    static constexpr usize kWords = (N + 63) / 64;

    constexpr bool test(usize i) const { return (words_[i / 64] >> (i % 64)) & 1; }
    constexpr void set(usize i) { words_[i / 64] |= bit(i); }
    constexpr void clear(usize i) { words_[i / 64] &= ~bit(i); }
    constexpr void assign(usize i, bool v) { v ? set(i) : clear(i); }
    bool atomic_test(usize i) const { return (__atomic_load_n(&words_[i / 64], __ATOMIC_ACQUIRE) >> (i % 64)) & 1; }
    bool atomic_set(usize i) { return __atomic_fetch_or(&words_[i / 64], bit(i), __ATOMIC_SEQ_CST) & bit(i); }
    bool atomic_clear(usize i) { return __atomic_fetch_and(&words_[i / 64], ~bit(i), __ATOMIC_SEQ_CST) & bit(i); }

    void atomic_or_word(usize w, u64 bits) { __atomic_fetch_or(&words_[w], bits, __ATOMIC_SEQ_CST); }

    // A copy of a set that others change atomically meanwhile: each word is what it was at some moment.
    Bitmap snapshot() const {
        Bitmap copy;
        for (usize w = 0; w < kWords; ++w) copy.words_[w] = __atomic_load_n(&words_[w], __ATOMIC_RELAXED);
        return copy;
    }

    constexpr void clear_all() { words_ = {}; }
    constexpr void set_all() {
        for (usize i = 0; i < N; ++i) set(i);
    }
    constexpr bool empty() const {
        for (u64 w : words_)
            if (w) return false;
        return true;
    }
    // It has this member and no other.
    constexpr bool is_just(usize i) const {
        if (!test(i)) return false;
        u64 others = words_[i / 64] & ~bit(i);
        for (usize w = 0; w < kWords; ++w)
            if (w != i / 64) others |= words_[w];
        return others == 0;
    }
    constexpr usize count() const {
        usize n = 0;
        for (u64 w : words_) n += static_cast<usize>(std::popcount(w));
        return n;
    }
    // The first member at or after `from`; N when there is none.
    constexpr usize next(usize from = 0) const {
        for (usize w = from / 64; w < kWords; ++w) {
            u64 v = words_[w];
            if (w == from / 64) v &= ~u64{0} << (from % 64);
            if (v) {
                usize i = w * 64 + static_cast<usize>(std::countr_zero(v));
                return i < N ? i : N;
            }
        }
        return N;
    }
    constexpr usize first_clear() const {
        for (usize i = 0; i < N; ++i)
            if (!test(i)) return i;
        return N;
    }
    constexpr bool subset_of(const Bitmap& o) const {
        for (usize w = 0; w < kWords; ++w)
            if (words_[w] & ~o.words_[w]) return false;
        return true;
    }
    constexpr bool intersects(const Bitmap& o) const { return !(*this & o).empty(); }
    friend constexpr Bitmap operator&(Bitmap a, const Bitmap& b) {
        for (usize w = 0; w < kWords; ++w) a.words_[w] &= b.words_[w];
        return a;
    }
    friend constexpr Bitmap operator|(Bitmap a, const Bitmap& b) {
        for (usize w = 0; w < kWords; ++w) a.words_[w] |= b.words_[w];
        return a;
    }
    friend constexpr Bitmap operator-(Bitmap a, const Bitmap& b) {
        for (usize w = 0; w < kWords; ++w) a.words_[w] &= ~b.words_[w];
        return a;
    }
    friend constexpr bool operator==(const Bitmap&, const Bitmap&) = default;
    constexpr u64 word(usize i) const { return words_[i]; }
    constexpr void set_word(usize i, u64 v) { words_[i] = v; }

    class Iterator {
    public:
        constexpr Iterator(const Bitmap& b, usize i) : bits_{b}, i_{i} {}
        constexpr usize operator*() const { return i_; }
        constexpr Iterator& operator++() {
            i_ = bits_.next(i_ + 1);
            return *this;
        }
        constexpr bool operator!=(const Iterator& o) const { return i_ != o.i_; }

    private:
        const Bitmap& bits_;
        usize i_;
    };
    constexpr Iterator begin() const { return {*this, next(0)}; }
    constexpr Iterator end() const { return {*this, N}; }

private:
    static constexpr u64 bit(usize i) { return u64{1} << (i % 64); }
    std::array<u64, kWords> words_{};
};

}  // namespace xen
