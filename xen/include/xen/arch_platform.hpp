// SPDX-License-Identifier: MIT
// What the common code (console, timers) needs of an architecture's machine. Declared here; dump_execution_state is
// arch/<a>/cpu's, the others the platform's.
#pragma once

#include "lib/index.hpp"

namespace xen::arch {

// Registers of the interrupted or calling context and a backtrace, to the log. Any context, panics too.
void dump_execution_state();

// This CPU's timer interrupt at or soon after the given system time, in place of an earlier setting; 0 stops it. False:
// the time has passed already and nothing was set. Interrupts off.
bool program_timer(Nanos deadline);

}  // namespace xen::arch
