// SPDX-License-Identifier: MIT
// Private to arch/x86/platform.
#pragma once

#include <xen/platform.hpp>

namespace xen::platform {

inline constexpr u8 kSleepOff = 5;

// -- time.cpp
void start_refinement();             // the clocks are compared with the reference from now on
void note_before_start();            // an AP is about to start: its counter is compared with ours as of now
void check_counter();                // on the AP

// -- watchdog.cpp
void start_watchdog();
void watch_this_cpu();               // a CPU came up
bool watchdog_nmi(const arch::GuestRegs& interrupted);  // in an NMI: false when the watchdog is off

// -- iommu.cpp
void warn_of_missing_iommu();

// -- nmi.cpp
void init_nmi();                     // option `nmi`

// -- keys.cpp
void init_keys();

// -- stop.cpp
void init_stop();                    // the vector that stops a CPU
// In an NMI: does not return where stop_other_cpus() sent it. True on the CPU that stops the others: it is about to
// end the machine, and no NMI matters any more.
bool stop_if_asked();

}  // namespace xen::platform
