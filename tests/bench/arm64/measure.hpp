// SPDX-License-Identifier: MIT
// Counting on arm64. tests/bench/plugin counts instructions between marks, which are HINTs without a meaning. The guest reads
// the virtual counter beside them: 16 ns a tick, and a nanosecond each instruction, so that one can be held against the other.
#pragma once
#include "guest.hpp"

#include <public/xen.h>

inline void begin_count() { asm volatile("hint #0x70" ::: "memory"); }
inline void end_count() { asm volatile("hint #0x72" ::: "memory"); }
inline u64 ticks() { return READ_REGISTER(cntvct_el0); }

// Of which runs the row is that was just printed: whole ones, those up to the point that quick.S marks, or none.
enum class Runs { whole, to_point, none };

// One line "B name = count / per" for tests/bench/run; `per` units were done by what was counted. Ticks, or for Runs::none
// the figure itself.
void row(const char* name, u64 count, u64 per = 1, Runs runs = Runs::whole);
// A row that could not be measured, and why: shown, and never taken for a number.
void no_row(const char* name, s64 result);

constexpr unsigned kRuns = 32;

// `undo` puts back what `code` did, uncounted.
template <class F, class G>
u64 lowest(F code, G undo) {
    u64 best = ~u64{0};
    for (unsigned i = 0; i < kRuns; ++i) {
        u64 start = ticks();
        begin_count();
        code();
        end_count();
        u64 seen = ticks() - start;
        if (seen < best) best = seen;
        undo();
    }
    return best;
}
template <class F>
u64 lowest(F code) {
    return lowest(code, [] {});
}

// A hypercall in place.
inline s64 call(u64 number, u64 a0 = 0, u64 a1 = 0, u64 a2 = 0) {
    register u64 x0 asm("x0") = a0;
    register u64 x1 asm("x1") = a1;
    register u64 x2 asm("x2") = a2;
    register u64 x16 asm("x16") = number;
    asm volatile("hvc #0xea1" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x16)::"x3", "x4", "memory");
    return static_cast<s64>(x0);
}
template <class T>
u64 address(T& t) {
    return reinterpret_cast<u64>(&t);
}
void clear(void* at, u64 bytes);
template <class T>
T zeroed() {
    T t;
    clear(&t, sizeof t);
    return t;
}

// Memory of ours behind the image.
inline constexpr u64 kPage = 4096;
u64 spare_page(u64 n);
// Guest frames that have nothing behind them, for what the hypervisor shares.
inline constexpr u64 kSharedFrame = 0xb000, kGrantFrame = 0xb001;
s64 map_shared(unsigned space, u64 index, u64 frame);

void calls();
void interrupts();
void grants();
void memory();
void domains();
