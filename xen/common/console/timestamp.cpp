// SPDX-License-Identifier: MIT
#include "common/console/timestamp.hpp"

#include "lib/format.hpp"

namespace xen::console {
namespace {

using ull = unsigned long long;

usize format_date(char* to, usize cap, const Moment& m, bool with_millis) {
    if (!m.unix_seconds) return 0;
    Date d = date_of(m.unix_seconds);
    if (with_millis)
        return format(to, cap, "[%04u-%02u-%02u %02u:%02u:%02u.%03u] ", d.year, d.month, d.day, d.hour, d.minute, d.second,
                      m.millis);
    return format(to, cap, "[%04u-%02u-%02u %02u:%02u:%02u] ", d.year, d.month, d.day, d.hour, d.minute, d.second);
}

}  // namespace

Maybe<TimestampMode> parse_timestamp_mode(Str text) {
    if (text == "none" || text == "no" || text == "0" || text == "false" || text == "off") return TimestampMode::none;
    if (text.empty() || text == "date" || text == "yes" || text == "1" || text == "true" || text == "on")
        return TimestampMode::date;
    if (text == "datems") return TimestampMode::date_ms;
    if (text == "boot") return TimestampMode::boot;
    if (text == "raw") return TimestampMode::raw;
    return nothing;
}

Str name_of(TimestampMode mode) {
    switch (mode) {
    case TimestampMode::none: return "none";
    case TimestampMode::date: return "date";
    case TimestampMode::date_ms: return "datems";
    case TimestampMode::boot: return "boot";
    case TimestampMode::raw: return "raw";
    }
    return {};
}

// Years that begin in March make the leap day the last one of the year.
Date date_of(u64 s) {
    u64 days = s / 86400 + 719468;                // from 0000-03-01
    u64 era = days / 146097;
    u64 day = days % 146097;
    u64 year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    u64 in_year = day - (365 * year + year / 4 - year / 100);
    u64 month = (5 * in_year + 2) / 153;          // 0: March
    u64 rest = s % 86400;
    Date d{};
    d.day = static_cast<u32>(in_year - (153 * month + 2) / 5 + 1);
    d.month = static_cast<u32>(month < 10 ? month + 3 : month - 9);
    d.year = static_cast<u32>(year + era * 400 + (d.month <= 2 ? 1 : 0));
    d.hour = static_cast<u32>(rest / 3600);
    d.minute = static_cast<u32>(rest / 60 % 60);
    d.second = static_cast<u32>(rest % 60);
    return d;
}

usize format_timestamp(char* to, usize cap, TimestampMode mode, const Moment& m) {
    switch (mode) {
    case TimestampMode::none: return 0;
    case TimestampMode::date: return format_date(to, cap, m, false);
    case TimestampMode::date_ms: return format_date(to, cap, m, true);
    case TimestampMode::boot: {
        u64 us = static_cast<u64>(m.system.raw()) / 1000;
        return format(to, cap, "[%5llu.%06llu] ", static_cast<ull>(us / 1000000), static_cast<ull>(us % 1000000));
    }
    case TimestampMode::raw: return format(to, cap, "[%016llx] ", static_cast<ull>(m.counter));
    }
    return 0;
}

}  // namespace xen::console
