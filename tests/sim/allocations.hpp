// SPDX-License-Identifier: MIT
// Every allocation of the core, counted, and one of them refused. Programs that link allocations.cpp name these functions to
// the linker (--wrap): the core itself knows nothing of it.
#pragma once

#include "lib/types.hpp"

namespace xen::sim {

// Blocks of the small heap that are in use.
u64 live_blocks();

// The next allocation but `after` of this thread's is refused, whatever its kind: a block, pages of the hypervisor, frames.
void fail_allocation(u64 after);
// Until no more are to be refused; how many there were since fail_allocation().
u64 stop_failing();
bool allocation_failed();      // one was refused since

}  // namespace xen::sim
