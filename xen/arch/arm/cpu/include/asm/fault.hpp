// SPDX-License-Identifier: MIT
// Leaf: what the processor says of a trap from a guest (ARM D19.2.40, D19.2.61), and its own translation of guest addresses.
// Valid from the trap until the hypervisor itself faults.
#pragma once

#include "lib/index.hpp"
#include "lib/maybe.hpp"

namespace xen::arch {

inline u64 read_far() {
    u64 v;
    asm volatile("mrs %0, far_el2" : "=r"(v));
    return v;
}
// Bits 43 to 4: the intermediate physical address from bit 12 up, of a stage 2 fault that is none of permissions.
inline u64 read_hpfar() {
    u64 v;
    asm volatile("mrs %0, hpfar_el2" : "=r"(v));
    return v;
}

// A guest-virtual address of the running vCPU by its stage 1, as its kernel sees it: the intermediate physical address,
// byte exact. Nothing where stage 1 or the tables' own stage 2 does not map it. Interrupts may be on.
Maybe<Gaddr> guest_stage1(u64 gva, bool write);
// The same through both stages: the machine address.
Maybe<Paddr> guest_translate(u64 gva, bool write);

}  // namespace xen::arch
