// SPDX-License-Identifier: MIT
// Private to drivers/apic: the local APIC's registers by their xAPIC offsets (SDM 3A table 10-1); in x2APIC mode the
// MSR is 0x800 plus a sixteenth (10.12.1.2).
#pragma once

#include "lib/index.hpp"

namespace xen::apic {

enum Reg : u32 {
    kId = 0x20, kVersion = 0x30, kTaskPriority = 0x80, kEoi = 0xb0, kLogicalId = 0xd0, kFormat = 0xe0, kSpuriousReg = 0xf0,
    kInService = 0x100, kRequest = 0x200, kErrorStatus = 0x280, kCommandLow = 0x300, kCommandHigh = 0x310, kLvtTimer = 0x320,
    kLvtThermal = 0x330, kLvtCounters = 0x340, kLvtLint0 = 0x350, kLvtLint1 = 0x360, kLvtError = 0x370,
    kTimerInitial = 0x380, kTimerCurrent = 0x390, kTimerDivide = 0x3e0
};
inline constexpr u32 kMasked = 1 << 16;
inline constexpr u32 kDeliverNmi = 4 << 8;

u32 read(Reg r);
void write(Reg r, u32 v);
void attach(Paddr registers);       // boot CPU: the xAPIC's memory
void enable_this_cpu(bool x2apic);  // IA32_APIC_BASE
bool enabled_x2apic();              // as the firmware left it

}  // namespace xen::apic
