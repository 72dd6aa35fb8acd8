// SPDX-License-Identifier: MIT
// Frequencies from two readings of two clocks, and the correction of a running clock. Pure arithmetic.
#pragma once

#include "lib/types.hpp"

namespace xen::clock {

// Frequency of the clock that made `ticks` while the reference (at ref_hz) made `ref_ticks`; 0 without those.
u64 frequency(u64 ticks, u64 ref_ticks, u64 ref_hz);
// ref_ticks as nanoseconds.
s64 to_ns(u64 ref_ticks, u64 ref_hz);

// Keeps the counter's frequency right against a reference that wraps. Readings come at most half a wrap apart.
class Refiner {
public:
    struct Reading {
        u64 counter;
        u32 reference;
        s64 system;      // what the clock says now, ns
    };
    void start(u64 ref_hz, u32 ref_mask, Reading r);
    // The frequency to go on with for the next `ahead` ns, which brings the clock back to the reference by then; 0: as it
    // is, nothing to mend. Never more than 0.05 % from the true one.
    u64 khz_after(Reading r, u64 now_khz, s64 ahead);
    s64 last_error() const { return error_; }    // ns that the clock was behind

private:
    void restart(Reading r);
    u64 hz_ = 0;
    u32 mask_ = 0;
    Reading first_{}, last_{};
    u64 elapsed_ = 0;    // reference ticks since first_
    s64 error_ = 0;
};

}  // namespace xen::clock
