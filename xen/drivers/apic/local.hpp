// SPDX-License-Identifier: MIT
// What the platform's start and the interrupt layer need of the local APIC beside xen/apic.hpp.
#pragma once

#include "lib/index.hpp"

namespace xen::apic {

void init_boot();                            // boot CPU, first: mode and registers
u32 largest_id();                            // that a CPU may have in the mode that init_boot() chose
u32 initial_id();                            // this CPU's by CPUID, before its APIC is set up
bool in_service(u8 vector);
void send_init(u32 apic_id);
void send_startup(u32 apic_id, u8 page);

// -- timer (timer.cpp)
// Boot CPU: the timer counts down from all ones, unseen, from start_counting() until count_down_since() is read.
void start_counting();
u32 counted();
// What it counts a second, and whether the CPUs' deadline mode is used (CPUID.1:ECX[24]).
void set_timer_frequency(u64 hz);
bool deadline_mode();
void init_timer();                           // each CPU

}  // namespace xen::apic
