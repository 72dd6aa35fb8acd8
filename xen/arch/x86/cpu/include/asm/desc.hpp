// SPDX-License-Identifier: MIT
// Leaf: descriptor-table registers of the current CPU.
#pragma once

#include "lib/types.hpp"

namespace xen {
struct Vcpu;
}

namespace xen::arch {

void load_gdt(Vcpu& v);                       // GDTR: the vCPU's area of the per-domain slot, reserved pages included
void load_ldt(u64 address, u32 entries);      // entries 0: a null LDT
void flush_own_slots();                       // local TLB entries of the per-domain slot

}  // namespace xen::arch
