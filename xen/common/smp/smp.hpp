// SPDX-License-Identifier: MIT
// What the leaf of a CPU (arch/<a>/cpu, arch/sim) and the boot code need of SMP beside xen/smp.hpp. The steps of a start and
// of a call are here, for the simulated machine as for a real one; asm/smp.hpp has what they do to a processor.
#pragma once

#include <xen/smp.hpp>

namespace xen::smp {

// Boot CPU: starts the present CPUs until `limit` run (0: all of them), and says how many do.
void start_others(u32 limit);
// Each further CPU, on its own stack and tables, interrupts off: its part of the machine, online, in its pool.
void arrive();
// The CPU's copy of the per-CPU data, once; it stays when the CPU goes off. Errno::nomem.
Status create_percpu(CpuId cpu);

// -- calls by IPI: one at a time in the whole machine (call.cpp). As call_on().
void call_by_ipi(const CpuMask& cpus, void (*fn)(void*), void* data);
void serve_call();        // the IPI's handler; interrupts off
bool waits_in_call();     // this CPU stands still because others do
void leave_calls();       // this CPU is offline from now on: nobody calls it any more

}  // namespace xen::smp
