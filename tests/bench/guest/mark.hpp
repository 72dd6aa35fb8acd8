// SPDX-License-Identifier: MIT
// Marks that tests/bench/plugin sees. Where counting begins and ends it is the RDTSC itself, with a segment prefix that
// means nothing there; behind a row's runs it is a NOP. Neither adds an instruction to what is counted.
#pragma once
#include "guest.hpp"

inline u64 time_of(u32 low, u32 high) { return u64{high} << 32 | low; }

inline u64 begin_count() {
    u32 low, high;
    asm volatile(".byte 0x2e, 0x0f, 0x31" : "=a"(low), "=d"(high)::"memory");
    return time_of(low, high);
}

inline u64 end_count() {
    u32 low, high;
    asm volatile(".byte 0x3e, 0x0f, 0x31" : "=a"(low), "=d"(high)::"memory");
    return time_of(low, high);
}

// Of which runs the row is that was just printed: whole ones, those up to the point that quick_event marks, or none.
enum class Runs { whole, to_point, none };

inline void mark_row(Runs runs) {
    switch (runs) {
    case Runs::whole: asm volatile("nopl 0x58420000(%rax)"); break;
    case Runs::to_point: asm volatile("nopl 0x58420001(%rax)"); break;
    case Runs::none: asm volatile("nopl 0x58420002(%rax)"); break;
    }
}
