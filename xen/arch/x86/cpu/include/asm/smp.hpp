// SPDX-License-Identifier: MIT
// Leaf: processors coming and going. Bringing up and down under the hotplug lock, from any online CPU.
#pragma once

#include <xen/smp.hpp>

#include "lib/result.hpp"

namespace xen::arch {

// Boot CPU, after the final page tables: reserves what the 16-bit entry needs; `page` is free RAM below 640 KiB.
void init_trampoline(Paddr page);
// Boot CPU, before interrupts are on: the vectors of the IPIs.
void init_smp();
// A CPU's own memory, made at its first start: area and per-CPU data. Errno::nomem, io: there is no trampoline.
Status make_cpu(CpuId cpu);
// The next STARTUP, with this page, is this CPU's. It has an idle vCPU.
void prepare_entry(CpuId cpu);
u8 entry_page();
// The idle loop's end on a CPU that leaves; returns never, the next start begins anew.
[[noreturn]] void play_dead();
bool is_dead(CpuId cpu);          // it is behind play_dead()

// This CPU is in smp::call_on() and stands still because others do.
bool waits_for_others();

}  // namespace xen::arch
