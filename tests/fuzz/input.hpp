// SPDX-License-Identifier: MIT
// The bytes of a fuzzer, taken from the front: numbers, choices, or all that is left. An input that is used up gives zeros.
#pragma once

#include <cstring>
#include <iterator>

#include "lib/bytes.hpp"
#include "lib/types.hpp"

namespace xen::fuzz {

class Input {
public:
    Input(const u8* data, usize size) : at_{data}, end_{data + size} {}
    bool empty() const { return at_ == end_; }
    usize size() const { return static_cast<usize>(end_ - at_); }
    template <class T>
    T take() {
        T v{};
        usize n = size() < sizeof(T) ? size() : sizeof(T);
        std::memcpy(&v, at_, n);
        at_ += n;
        return v;
    }
    // 0 to n - 1; n is at most 2^16.
    unsigned below(unsigned n) { return n <= 256 ? take<u8>() % n : take<u16>() % n; }
    bool one_in(unsigned n) { return below(n) == 1; }
    template <class T, usize N>
    T of(const T (&choices)[N]) {
        return choices[below(N)];
    }
    Bytes rest() {
        Bytes all{at_, size()};
        at_ = end_;
        return all;
    }
    Bytes bytes(usize n) {
        Bytes part{at_, n < size() ? n : size()};
        at_ += part.size();
        return part;
    }

private:
    const u8 *at_, *end_;
};

}  // namespace xen::fuzz
