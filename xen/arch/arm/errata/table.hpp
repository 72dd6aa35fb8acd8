// SPDX-License-Identifier: MIT
// Which processors have which faults. Pure.
#pragma once

#include <span>

#include <asm/workaround.hpp>

namespace xen::errata {

struct Erratum {
    const char* name;      // as its documents call it
    u16 part;              // MIDR_EL1.PartNum, of Arm's own
    u8 first, last;        // variant and revision, a digit each: r1p2 is 0x12
    Workaround workaround;
};

// What a processor says of itself (ARM D19.2.102, D19.2.69).
struct Processor {
    u64 midr = 0;
    u64 pfr0 = 0;                  // ID_AA64PFR0_EL1
    bool firmware_barrier = false; // its firmware offers SMCCC_ARCH_WORKAROUND_1
};

std::span<const Erratum> table();
bool has(const Processor& p, const Erratum& e);
Workarounds needed_by(const Processor& p);

}  // namespace xen::errata
