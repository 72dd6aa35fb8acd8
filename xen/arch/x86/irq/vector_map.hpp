// SPDX-License-Identifier: MIT
// Which line each vector of each CPU belongs to. Every CPU has its own vectors, so that a machine has many more lines
// than there are vectors. Changed under the vectors' lock (lines.hpp); read by the CPU's own interrupt entry.
#pragma once

#include <asm/vectors.hpp>

#include <array>
#include <atomic>

#include "lib/maybe.hpp"
#include "lib/types.hpp"

namespace xen::irq {

inline constexpr u16 kNoLine = 0xffff;

constexpr bool usable_vector(unsigned v) {
    return v >= vectors::kDynamicFirst && v <= vectors::kDynamicLast && v != vectors::kGuestInt80 &&
           v != vectors::kGuestHypercall;
}

class VectorMap {
public:
    u16 line(u8 vector) const { return lines_[vector].load(std::memory_order_relaxed) - kBias; }
    // A free vector becomes the line's. Neighbouring vectors share a priority class: lines are spread over the classes.
    Maybe<u8> take(u16 line) {
        for (unsigned tried = 0; tried < kSpan; ++tried) {
            next_ = (next_ + kStride) % kSpan;
            unsigned v = vectors::kDynamicFirst + next_;
            if (!usable_vector(v) || lines_[v].load(std::memory_order_relaxed)) continue;
            lines_[v].store(static_cast<u16>(line + kBias), std::memory_order_relaxed);
            return static_cast<u8>(v);
        }
        return nothing;
    }
    void give_back(u8 vector) { lines_[vector].store(0, std::memory_order_relaxed); }

private:
    static constexpr u16 kBias = 1;   // so that zeroed storage means no line: 0 - 1 is kNoLine
    static constexpr unsigned kSpan = vectors::kDynamicLast - vectors::kDynamicFirst + 1;
    static constexpr unsigned kStride = 17;   // no factor of the span: every vector comes by
    std::array<std::atomic<u16>, 256> lines_{};
    unsigned next_ = 0;
};

}  // namespace xen::irq
