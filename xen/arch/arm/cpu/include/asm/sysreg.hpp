// SPDX-License-Identifier: MIT
// Leaf: system registers by name (ARM D19), and the barriers around them. Registers that old assemblers do not know are named
// S<op0>_<op1>_C<n>_C<m>_<op2>.
#pragma once

#include "lib/types.hpp"

#define READ_SYSREG(name)                                  \
    __extension__({                                        \
        ::xen::u64 read_;                                  \
        asm volatile("mrs %0, " #name : "=r"(read_));      \
        read_;                                             \
    })
#define WRITE_SYSREG(name, value)                                                          \
    do {                                                                                   \
        ::xen::u64 value_ = (value);                                                       \
        asm volatile("msr " #name ", %x0" ::"rZ"(value_) : "memory");                      \
    } while (0)

namespace xen::arch {

inline void isb() { asm volatile("isb" ::: "memory"); }
inline void send_event() { asm volatile("sev" ::: "memory"); }
inline void dsb_sy() { asm volatile("dsb sy" ::: "memory"); }
inline void dsb_ish() { asm volatile("dsb ish" ::: "memory"); }
inline void dsb_ishst() { asm volatile("dsb ishst" ::: "memory"); }

}  // namespace xen::arch
