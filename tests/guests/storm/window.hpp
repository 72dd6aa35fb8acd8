// SPDX-License-Identifier: MIT
// Time in windows of 2^30 counts of the TSC, which all domains of a host read alike: so the hostile guest, its victim and the
// program in dom0 (tests/system/domu/pace.cpp) agree without a word on what is done when. Under QEMU's -icount a count is an instruction.
#pragma once
#include "guest.hpp"

constexpr unsigned kWindowShift = 30;
constexpr u64 window_of(u64 tsc) { return tsc >> kWindowShift; }
constexpr u64 window_start(u64 window) { return window << kWindowShift; }

// One turn of a mode: at most a few milliseconds.
struct Mode {
    const char* name;
    void (*turn)();
};
extern const Mode modes[];
extern const unsigned mode_count;

inline const Mode& mode_of(u64 window) { return modes[window % mode_count]; }

// The hostile guest: all modes in rotation, or one alone.
[[noreturn]] void storm(const char* only);
// Counts its turns and the longest time between two, and tells both after each window.
[[noreturn]] void be_victim();
