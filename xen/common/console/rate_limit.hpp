// SPDX-License-Identifier: MIT
// A bucket of 10 messages that fills by one every 0.5 s: a burst is seen, a flood is not. Not locked.
#pragma once

#include "lib/index.hpp"

namespace xen::console {

class RateLimit {
public:
    // False: drop this one. `missed` is then, or at the next allowed one, how many were dropped in a row.
    bool allow(Nanos now) {
        if (now > last_) tokens_ += now - last_;
        last_ = now;
        if (tokens_ > kBurst * kCost) tokens_ = kBurst * kCost;
        if (tokens_ < kCost) {
            ++missed_;
            return false;
        }
        tokens_ -= kCost;
        return true;
    }
    u32 take_missed() {
        u32 n = missed_;
        missed_ = 0;
        return n;
    }

private:
    static constexpr s64 kCost = 500'000'000;  // ns
    static constexpr s64 kBurst = 10;
    s64 tokens_ = kCost * kBurst;
    Nanos last_{};
    u32 missed_ = 0;
};

}  // namespace xen::console
