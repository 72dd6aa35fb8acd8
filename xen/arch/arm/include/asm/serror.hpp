// SPDX-License-Identifier: MIT
// How much harm an SError says was done (ARM D19.2.37, ISS encoding for an SError; RAS: D17.2.1). Pure.
#pragma once

#include "lib/types.hpp"

namespace xen::guest {

enum class Harm : u8 {
    none,         // corrected, or what was running can go on as it is
    contained,    // what was running has lost something, and nothing else has
    unknown,      // nobody says: a processor without RAS, or its own encoding
    uncontained,  // it may be anywhere
};

constexpr Harm harm_of(u64 esr) {
    constexpr u64 kOwnEncoding = u64{1} << 24, kStatus = 0x3f, kAsynchronous = 0x11;
    if ((esr & kOwnEncoding) || (esr & kStatus) != kAsynchronous) return Harm::unknown;
    switch (esr >> 10 & 7) {
    case 2:                                // restartable
    case 6: return Harm::none;             // corrected
    case 1:                                // unrecoverable
    case 3: return Harm::contained;        // recoverable
    default: return Harm::uncontained;
    }
}

enum class SerrorAction : u8 { go_on, tell_guest, panic };

// One that came while a guest ran is its own: of a device it has, or of its memory. The hypervisor survives none that cost it anything.
constexpr SerrorAction action_for(Harm h, bool of_guest) {
    if (h == Harm::none) return SerrorAction::go_on;
    return of_guest && h != Harm::uncontained ? SerrorAction::tell_guest : SerrorAction::panic;
}

const char* name_of(Harm h);

}  // namespace xen::guest
