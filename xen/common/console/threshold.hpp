// SPDX-License-Identifier: MIT
// Which messages are printed: below `lower` all, from there to below `upper` as the rate limit allows, above none.
// Syntax of `loglvl=` and `guest_loglvl=` as Xen's: <level>[/<level>], levels none, error, warning, info, debug, all.
#pragma once

#include <xen/log.hpp>

#include "lib/maybe.hpp"
#include "lib/string.hpp"

namespace xen::console {

// Aligned so that an atomic one is a plain word to every compiler.
struct alignas(u16) Threshold {
    u8 lower = 0, upper = 0;   // number of levels: 0 none .. 4 all; `always` is below every threshold but none
};
enum class Verdict : u8 { print, limited, drop };

Maybe<Threshold> parse_threshold(Str text);
Verdict judge(Threshold t, log::Level level);
const char* level_name(u8 level);
usize format_threshold(char* to, usize cap, Threshold t);   // as the option has it: "lower/upper"
Threshold moved(Threshold t, int levels);                   // the lower one up or down; the upper one never below it

}  // namespace xen::console
