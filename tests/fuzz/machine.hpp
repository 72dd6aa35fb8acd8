// SPDX-License-Identifier: MIT
// The simulated machine with a processor that has more to offer than the sim's own, so that there is something to refuse, and
// with what the boot code starts for guests: policies, interrupt lines, debug keys. Once; the first call's size counts.
#pragma once

#include "lib/types.hpp"

namespace xen::fuzz {

void start_machine(u64 memory_mib);
void interrupt(u32 gsi);   // a device raises its line, if nobody has masked it

}  // namespace xen::fuzz
