// SPDX-License-Identifier: MIT
#include "measure.hpp"
#include "print.hpp"

u64 reading_cost() {
    static u64 cost = 0;
    if (cost) return cost;
    u64 best = ~u64{0};
    for (unsigned i = 0; i < kRuns; ++i) {
        const u64 start = read_tsc();
        const u64 end = read_tsc();
        if (end - start < best) best = end - start;
    }
    return cost = best;
}

void row(const char* name, u64 count, u64 per, Runs runs) {
    print("B {} = {} / {}\n", name, count, per);
    mark_row(runs);
}

void no_row(const char* name, long result) {
    print("N {} = {}\n", name, result);
    mark_row(Runs::none);
}
