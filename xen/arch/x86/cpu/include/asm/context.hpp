// SPDX-License-Identifier: MIT
// Leaf: a guest's state in the processor outside its general registers. The switch itself is arch::context_switch
// (xen/arch_vcpu.hpp). Of the current vCPU, interrupts off.
#pragma once

#include <asm/cpu_area.hpp>

namespace xen {
struct Vcpu;
}

namespace xen::arch {

// Selectors and bases between the processor and ArchVcpu. load says whether every selector was acceptable; those that
// were not are 0 then.
void save_segments(Vcpu& v);
bool load_segments(Vcpu& v);
// The idle vCPU runs with the state of the one before it still loaded: now it is stored, and the hypervisor's own
// tables are taken. Before a CPU goes off.
void unload_idle_state();

}  // namespace xen::arch
