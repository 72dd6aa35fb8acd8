// SPDX-License-Identifier: MIT
// Reading two clocks at one moment, and waiting between two such readings. A template over the machine's clocks, so that
// tests run it on simulated ones, whose reads take time as well:
//   u64 counter()    the TSC          u32 reference()    a clock of known frequency, `mask` its bits
//   u32 other()      a third clock    void relax()
#pragma once

#include "lib/types.hpp"

namespace xen::clock {

struct Sample {
    u64 tsc;
    u32 ref, other;
};

inline constexpr unsigned kSampleTries = 5;
inline constexpr u64 kCalibrations = 1000;         // one takes a 1000th of a second

template <class Machine>
class Sampler {
public:
    explicit constexpr Sampler(Machine& m) : m_{m} {}

    // The reading that took the least time is the least disturbed one.
    Sample take() {
        Timed best = at_edge();
        u32 other = m_.other();
        for (unsigned i = 1; i < kSampleTries; ++i) {
            Timed t = at_edge();
            if (t.took >= best.took) continue;
            best = t;
            other = m_.other();
        }
        return {best.before + best.took / 2, best.ref, other};
    }
    Sample take_after(Sample start, u64 ref_hz, u32 mask) {
        while (((m_.reference() - start.ref) & mask) < ref_hz / kCalibrations) m_.relax();
        return take();
    }

private:
    struct Timed {
        u64 before, took;
        u32 ref;
    };
    Timed read() {
        u64 before = m_.counter();
        u32 ref = m_.reference();
        return {before, m_.counter() - before, ref};
    }
    // The reading that saw the reference tick: a tick of the PM timer is long.
    Timed at_edge() {
        Timed t = read();
        for (u32 first = t.ref; t.ref == first;) t = read();
        return t;
    }
    Machine& m_;
};

}  // namespace xen::clock
