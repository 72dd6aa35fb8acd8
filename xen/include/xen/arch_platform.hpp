// SPDX-License-Identifier: MIT
// What the common code (console, timers) needs of an architecture's machine. Declared here; the dumps are
// arch/<a>/cpu's, the others the platform's.
#pragma once

#include "lib/index.hpp"

namespace xen::arch {

struct GuestRegs;

// Where the caller is, or the registers of what was interrupted, and how it came there, to the log. Any context, panics too.
void dump_execution_state();
void dump_state(const GuestRegs& interrupted);

// This CPU's timer interrupt at or soon after the given system time, in place of an earlier setting; 0 stops it. False:
// the time has passed already and nothing was set. Interrupts off.
bool program_timer(Nanos deadline);

}  // namespace xen::arch
