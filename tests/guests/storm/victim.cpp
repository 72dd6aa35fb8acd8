// SPDX-License-Identifier: MIT
// The guest beside the hostile one. In each window it counts turns of a loop, from the first time that it got the CPU back to
// the last: so the other's time slices are whole ones. As each turn costs the same, that is its share of the CPU. The begin of
// a window is left out: one has debts then for what the last mode left to it.
#include "rings.hpp"
#include "window.hpp"

namespace {

constexpr u64 kAway = 20'000;       // the CPU was with somebody else; interrupts take less

constexpr u64 kSettling = window_start(1) / 8;

struct Point {
    u64 time, turns;
};

struct Seen {
    Point first, last;
    u64 longest;
    bool away;
};

u64 turns;
u64 cost = ~u64{0};     // of a turn: the shortest

void came_back(Seen& seen, u64 now) {
    if (!seen.away) seen.first = {now, turns};
    seen.last = {now, turns};
    seen.away = true;
}

// Until the end of the window.
Seen watch(u64 end) {
    u64 last = read_tsc();
    Seen seen = {{last, turns}, {last, turns}, 0, false};
    while (last < end) {
        const u64 now = read_tsc();
        const u64 gap = now - last;
        last = now;
        ++turns;
        if (gap < cost) cost = gap;
        if (gap > seen.longest) seen.longest = gap;
        if (gap > kAway) came_back(seen, now);
    }
    if (seen.last.time == seen.first.time) seen.last = {last, turns};
    return seen;
}

} // namespace

[[noreturn]] void be_victim() {
    watch(window_start(window_of(read_tsc()) + 1));
    for (;;) {
        const u64 window = window_of(read_tsc());
        const u64 longest_at_first = watch(window_start(window) + kSettling).longest;
        const Seen seen = watch(window_start(window + 1));
        const u64 longest = seen.longest > longest_at_first ? seen.longest : longest_at_first;
        const u64 had = (seen.last.turns - seen.first.turns) * cost;
        Line line;
        line << "victim " << window << " " << mode_of(window).name << " had " << had * 10000 / (seen.last.time - seen.first.time);
        (line << " longest " << longest << " turns " << seen.last.turns - seen.first.turns).send();
    }
}
