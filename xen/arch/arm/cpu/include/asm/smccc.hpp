// SPDX-License-Identifier: MIT
// Leaf: calls of the firmware by the SMC calling convention (ARM DEN0028). Any context.
#pragma once

#include "lib/types.hpp"

namespace xen::arch {

struct SmcResult {
    u64 x[4];
};

// Registers x4 to x17 may change (2.6, before version 1.1).
inline SmcResult smc(u64 function, u64 a1 = 0, u64 a2 = 0, u64 a3 = 0) {
    register u64 x0 asm("x0") = function;
    register u64 x1 asm("x1") = a1;
    register u64 x2 asm("x2") = a2;
    register u64 x3 asm("x3") = a3;
    asm volatile("smc #0"
                 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::"memory", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
                   "x13", "x14", "x15", "x16", "x17");
    return {{x0, x1, x2, x3}};
}

}  // namespace xen::arch
