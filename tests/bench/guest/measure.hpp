// SPDX-License-Identifier: MIT
// Counting instructions: under QEMU's -icount shift=0 the TSC advances by one for each instruction that the guest and
// the hypervisor retire, so a difference of two readings is a count. Of many runs the lowest is the operation itself;
// the others had an interrupt of the hypervisor's in them.
#pragma once
#include "guest.hpp"
#include "mark.hpp"

constexpr unsigned kRuns = 64;

// One line "B name = count / per" for tests/bench/run; `per` units were done by what was counted.
void row(const char* name, u64 count, u64 per = 1, Runs runs = Runs::whole);
// A row that could not be measured, and why: shown, and never taken for a number.
void no_row(const char* name, long result);

// What two readings cost when nothing lies between them.
u64 reading_cost();

template <class F> u64 count_once(F code) {
    const u64 start = begin_count();
    code();
    const u64 end = end_count();
    return end - start - reading_cost();
}

template <class F> u64 lowest(F code) {
    u64 best = ~u64{0};
    for (unsigned i = 0; i < kRuns; ++i) {
        const u64 seen = count_once(code);
        if (seen < best) best = seen;
    }
    return best;
}

// `undo` puts back what `code` did, uncounted.
template <class F, class G> u64 lowest(F code, G undo) {
    u64 best = ~u64{0};
    for (unsigned i = 0; i < kRuns; ++i) {
        const u64 seen = count_once(code);
        undo();
        if (seen < best) best = seen;
    }
    return best;
}
