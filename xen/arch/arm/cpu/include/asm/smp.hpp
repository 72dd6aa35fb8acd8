// SPDX-License-Identifier: MIT
// Leaf: processors coming and going. Bringing up and down under the hotplug lock, from any online CPU.
#pragma once

#include <xen/smp.hpp>

#include "lib/result.hpp"

namespace xen::arch {

// What a CPU reads before its MMU is on: physical address of the root, its stack, its block.
struct SecondaryStart {
    u64 root, stack, block;
};

Status make_cpu(CpuId cpu);          // a CPU's own memory, made at its first start. Errno::nomem
// The next CPU that enters at the returned address is this one. It has an idle vCPU.
Paddr prepare_entry(CpuId cpu);
// The idle loop's end on a CPU that leaves; returns never, the next start begins anew.
[[noreturn]] void play_dead();
bool is_dead(CpuId cpu);             // it is behind play_dead()

}  // namespace xen::arch
