// SPDX-License-Identifier: MIT
// Leaf: the identification registers of this CPU: op0 3, op1 0, CRn 0, CRm 0 to 7 (ARM D18.3.1, table D18-2).
#pragma once

#include "lib/types.hpp"

namespace xen::arch {

#define XEN_ID_CASE(crm, op2)                                            \
    case crm * 8 + op2: asm("mrs %0, s3_0_c0_c" #crm "_" #op2 : "=r"(v)); break;
#define XEN_ID_ROW(crm)                                                                                        \
    XEN_ID_CASE(crm, 0) XEN_ID_CASE(crm, 1) XEN_ID_CASE(crm, 2) XEN_ID_CASE(crm, 3) XEN_ID_CASE(crm, 4)        \
    XEN_ID_CASE(crm, 5) XEN_ID_CASE(crm, 6) XEN_ID_CASE(crm, 7)

inline u64 read_id_register(unsigned crm, unsigned op2) {
    u64 v = 0;
    switch (crm * 8 + op2) {
        XEN_ID_ROW(1)
        XEN_ID_ROW(2)
        XEN_ID_ROW(3)
        XEN_ID_ROW(4)
        XEN_ID_ROW(5)
        XEN_ID_ROW(6)
        XEN_ID_ROW(7)
    }
    return v;
}

#undef XEN_ID_CASE
#undef XEN_ID_ROW

}  // namespace xen::arch
