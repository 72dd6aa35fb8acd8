// SPDX-License-Identifier: MIT
// A set of interrupts: a bit for each, and which words have any, so that a walk over the usual few is short. Members may leave
// while it is walked, if they are behind.
#pragma once

#include <bit>

#include "lib/types.hpp"

namespace xen::vgic {

class IrqSet {
public:
    bool empty() const { return !some_; }
    void assign(unsigned id, bool in) { in ? set(id) : clear(id); }
    void set(unsigned id) {
        words_[id / 64] |= u64{1} << id % 64;
        some_ |= 1u << id / 64;
    }
    void clear(unsigned id) {
        u64& w = words_[id / 64];
        w &= ~(u64{1} << id % 64);
        if (!w) some_ &= ~(1u << id / 64);
    }
    // Those of the 32 that `id` is among; the lowest is bit 0.
    u32 thirty_two(unsigned id) const { return static_cast<u32>(words_[id / 64] >> (id & 32)); }

    class Iterator {
    public:
        explicit Iterator(const IrqSet& s) : set_{s}, some_{s.some_} { next_word(); }
        unsigned operator*() const { return first(some_) * 64 + static_cast<unsigned>(std::countr_zero(bits_)); }
        Iterator& operator++() {
            bits_ &= bits_ - 1;
            if (!bits_) {
                some_ &= some_ - 1;
                next_word();
            }
            return *this;
        }
        bool operator!=(int) const { return some_; }

    private:
        static unsigned first(u32 some) { return static_cast<unsigned>(std::countr_zero(some)); }
        void next_word() {
            if (some_) bits_ = set_.words_[first(some_)];
        }
        const IrqSet& set_;
        u32 some_;
        u64 bits_ = 0;
    };
    Iterator begin() const { return Iterator{*this}; }
    int end() const { return 0; }

private:
    u64 words_[16]{};       // 1024 interrupts, IHI 0069 2.2
    u32 some_ = 0;
};

}  // namespace xen::vgic
