// SPDX-License-Identifier: MIT
// Between the keeper, which runs as dom0, and the hostile guest that it makes from its own image: a page of the guest's memory
// that the keeper sees, too.
#pragma once

#include "guest.hpp"

namespace hostile {

inline constexpr u64 kMagic = 0x656c6974736f68;            // x0 of the guest's start
inline constexpr u64 kMemory = 0x40000000, kPages = 512, kReport = kMemory + 0x100000;
// The interrupt controller of a guest (public/arch-arm.h).
inline constexpr u64 kDistributor = 0x3001000, kInterface = 0x3002000, kRedistributor = 0x3020000;
inline constexpr u64 kScratch = kMemory + 0x110000, kScratchBytes = 0x10000;

struct Report {
    u64 mode, step;          // what it does, and how far it is
    u64 faults;              // that it caught
    u64 rounds;              // of all modes
    u64 second;              // steps of the second vCPU
    u64 seed;
    u64 word;                // the last instruction that it tried, and whether at EL0
};
inline volatile Report& report() { return *reinterpret_cast<volatile Report*>(kReport); }

// xorshift64.
struct Random {
    u64 state;
    u64 next() {
        state ^= state << 13;
        state ^= state >> 7;
        return state ^= state << 17;
    }
    u64 below(u64 n) { return next() % n; }
    // Values that are edges more often than not.
    u64 wild();
    u64 anything();
};

// hostile.S: one instruction with these registers, at EL1 or EL0, and back whatever it does; no branch and nothing that turns
// the MMU on or moves the vectors. The stack pointer is `sp`.
extern "C" void run_word(u32 word, u64* registers, u64 sp, u64 user_mode);
extern "C" [[gnu::visibility("hidden")]] volatile u64 hostile_faults;
extern "C" [[gnu::visibility("hidden")]] char hostile_vectors;

void guest();                // never returns
void keeper();

}  // namespace hostile
