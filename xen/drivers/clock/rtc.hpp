// SPDX-License-Identifier: MIT
// The CMOS clock of a PC (Motorola MC146818A), read once at boot.
#pragma once

#include "lib/maybe.hpp"
#include "lib/types.hpp"

namespace xen::clock {

struct CmosTime {
    u8 second, minute, hour, day, month, year, century;
    bool binary;       // else BCD
    bool hours24;
    bool operator==(const CmosTime&) const = default;
};
// Seconds since 1970; nothing for values that are no date. Pure. century 0: years from 70 are 19xx.
Maybe<u64> unix_seconds(const CmosTime& t);

Maybe<u64> read_rtc(u8 century_register);   // does not wait for the next second

}  // namespace xen::clock
