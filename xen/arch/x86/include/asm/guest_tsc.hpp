// SPDX-License-Identifier: MIT
// The TSC that a domain reads: the processor's, or one that the emulation of RDTSC makes of system time, so that it has
// the frequency that the domain began with wherever it runs.
#pragma once

#include <xen/time.hpp>

#include "lib/result.hpp"

namespace xen {

struct Domain;

namespace arch {

// XEN_DOMCTL_settscinfo: what happens to RDTSC.
enum class TscMode : u8 { automatic, emulated, native };

struct GuestTsc {
    TscMode mode = TscMode::automatic;
    bool emulated = false;
    u32 khz = 0;           // of the domain; the processor's unless emulated
    u32 incarnation = 0;   // one more than the toolstack gave: how often it was created or restored
    Nanos start{};         // system time at which it read 0
};

void init_tsc(Domain& d);
// elapsed: nanoseconds that the domain's TSC has counted; khz 0 is the processor's. The domain is paused. Errno::inval for
// an unknown mode. The hardware domain's stays native.
Status set_tsc(Domain& d, u32 mode, u32 khz, u64 elapsed, u32 incarnation);
u64 tsc_elapsed(const Domain& d);   // nanoseconds, as set_tsc() takes them
u64 guest_tsc(const Domain& d);     // what RDTSC gives now
u64 ticks_of(u64 nanoseconds, u32 khz);

}  // namespace arch
}  // namespace xen
