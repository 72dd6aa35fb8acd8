// SPDX-License-Identifier: MIT
#include "drivers/clock/rtc.hpp"

#include <asm/cpu.hpp>

namespace xen::clock {
namespace {

constexpr u16 kIndex = 0x70, kData = 0x71;
constexpr u8 kStatusA = 0x0a, kStatusB = 0x0b;
constexpr u8 kNothingThere = 0xff;
constexpr u8 kUpdating = 0x80, kBinary = 0x04, k24Hours = 0x02;

u8 cmos(u8 reg) {
    arch::outb(kIndex, reg);
    return arch::inb(kData);
}

CmosTime read_once(u8 century) {
    u8 b = cmos(kStatusB);
    return {cmos(0), cmos(2), cmos(4), cmos(7), cmos(8), cmos(9), century ? cmos(century) : u8{0},
            (b & kBinary) != 0, (b & k24Hours) != 0};
}

u32 value(u8 v, bool binary) { return binary ? v : static_cast<u32>((v >> 4) * 10 + (v & 15)); }

u32 hour_of(const CmosTime& t) {
    if (t.hours24) return value(t.hour, t.binary);
    u32 h = value(t.hour & 0x7f, t.binary) % 12;
    return t.hour & 0x80 ? h + 12 : h;
}

u32 year_of(const CmosTime& t) {
    u32 year = value(t.year, t.binary);
    u32 century = value(t.century, t.binary);
    if (century >= 19 && century <= 29) return century * 100 + year;
    return year < 70 ? 2000 + year : 1900 + year;
}

// Days since 1970-01-01; years that begin in March end with the leap day.
u64 days_of(u32 year, u32 month, u32 day) {
    u64 y = month <= 2 ? year - 1 : year;
    u64 m = month <= 2 ? month + 9 : month - 3;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

}  // namespace

Maybe<u64> unix_seconds(const CmosTime& t) {
    u32 second = value(t.second, t.binary), minute = value(t.minute, t.binary), hour = hour_of(t);
    u32 day = value(t.day, t.binary), month = value(t.month, t.binary), year = year_of(t);
    if (second > 59 || minute > 59 || hour > 23 || !day || day > 31 || !month || month > 12) return nothing;
    return days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
}

// An update takes 2 ms at most; outside of one, two equal readings are a good one.
Maybe<u64> read_rtc(u8 century) {
    if (cmos(kStatusA) == kNothingThere) return nothing;
    for (unsigned i = 0; i < 10000 && (cmos(kStatusA) & kUpdating); ++i) arch::relax();
    CmosTime t = read_once(century);
    for (unsigned i = 0; i < 10; ++i) {
        CmosTime again = read_once(century);
        if (again == t) return unix_seconds(t);
        t = again;
    }
    return nothing;
}

}  // namespace xen::clock
