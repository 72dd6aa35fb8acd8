// SPDX-License-Identifier: MIT
// Leaf: what stage 2 needs of the processor.
#pragma once

#include "lib/types.hpp"

namespace xen::arch {

// ID_AA64MMFR0_EL1.PARange (ARM D19.2.64).
inline u64 physical_range() {
    u64 v;
    asm("mrs %0, id_aa64mmfr0_el1" : "=r"(v));
    return v & 15;
}
// ID_AA64MMFR1_EL1.VMIDBits (D19.2.65).
inline u64 vmid_bits_field() {
    u64 v;
    asm("mrs %0, id_aa64mmfr1_el1" : "=r"(v));
    return v >> 4 & 15;
}
// Walkers of every CPU see the tables' new entries from here on.
inline void publish_tables() { asm volatile("dsb ishst; isb" ::: "memory"); }

}  // namespace xen::arch
