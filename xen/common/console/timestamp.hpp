// SPDX-License-Identifier: MIT
// The time before each line: `console_timestamps=`none, date, datems, boot or raw.
#pragma once

#include "lib/index.hpp"
#include "lib/maybe.hpp"
#include "lib/string.hpp"

namespace xen::console {

enum class TimestampMode : u8 { none, date, date_ms, boot, raw };

Maybe<TimestampMode> parse_timestamp_mode(Str text);
Str name_of(TimestampMode mode);

// What a stamp is made of.
struct Moment {
    Nanos system{};
    u64 unix_seconds = 0;   // 0: the wall clock is not known yet
    u32 millis = 0;
    u64 counter = 0;
};
// Writes the stamp with the space behind it; the length.
usize format_timestamp(char* to, usize cap, TimestampMode mode, const Moment& m);

struct Date {
    u32 year, month, day, hour, minute, second;
};
Date date_of(u64 unix_seconds);   // Gregorian, UTC

}  // namespace xen::console
