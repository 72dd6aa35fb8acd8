// SPDX-License-Identifier: MIT
// System time: nanoseconds since boot, monotonic on every CPU; and the wall clock behind it. Implemented in
// common/time over the counter (TSC; Arm: the generic counter); drivers find out its frequency and call start(), adjust().
#pragma once

#include "lib/index.hpp"

namespace xen {
struct Domain;
}

namespace xen::time {

Nanos now();                 // system time; any context
u64 counter();               // the raw counter behind now()
u64 tsc_khz();               // its calibrated frequency; 0 before start()
Nanos from_tsc(u64 tsc);     // a counter value as system time

// Boot CPU: system time is 0 at counter value `zero` and goes on at this frequency.
void start(u64 khz, u64 zero);
// A better frequency: time goes on from where it is. One caller at a time; raises the generation.
void adjust(u64 khz);
u32 generation();            // changes with adjust() and set_wall_clock(): guests' copies are stale then

// Scale of the counter as the ABI publishes it: ns = ((tsc << shift) * mul) >> 32 (public/xen.h, vcpu_time_info).
struct Scale {
    u32 mul = 0;
    s8 shift = 0;
};
constexpr Scale scale_for(u64 khz) {
    // mul / 2^32 * 2^shift nanoseconds a tick, mul with its top bit set.
    Scale s;
    u64 hz = khz * 1000;
    u64 ns = 1000000000;
    while (hz > ns * 2) hz >>= 1, --s.shift;
    while (hz <= ns) hz <<= 1, ++s.shift;
    s.mul = static_cast<u32>((ns << 32) / hz);
    return s;
}
constexpr u64 scaled(u64 ticks, Scale s) {
    ticks = s.shift < 0 ? ticks >> -s.shift : ticks << s.shift;
    return static_cast<u64>((static_cast<unsigned __int128>(ticks) * s.mul) >> 32);
}
Scale tsc_scale();
// The pair that conversions start from, for vcpu_time_info.
struct Stamp {
    u64 tsc;
    Nanos system;
};
Stamp local_stamp();

struct WallClock {
    u64 seconds;
    u32 nanoseconds;
};
WallClock wall_clock_base();        // wall clock at system time 0
void set_wall_clock(u64 seconds, u32 nanoseconds, Nanos at_system_time);
u64 unix_seconds_now();
// The wall clock as shared_info has it, into one domain's (public/xen.h shared_info.wc_*).
void publish_wall_clock(Domain& d);

void busy_wait(Nanos n);

}  // namespace xen::time
