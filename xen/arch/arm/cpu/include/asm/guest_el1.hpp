// SPDX-License-Identifier: MIT
// Leaf: the EL1 registers of the current vCPU, which are in the processor while it runs (ARM D19.2), and its timer's.
#pragma once

#include "lib/types.hpp"

namespace xen::arch {

#define XEN_EL1_REGISTER(fn, name)                                    \
    inline u64 guest_##fn() {                                         \
        u64 v;                                                        \
        asm volatile("mrs %0, " #name : "=r"(v)::"memory");           \
        return v;                                                     \
    }                                                                 \
    inline void set_guest_##fn(u64 v) { asm volatile("msr " #name ", %x0" ::"rZ"(v) : "memory"); }

XEN_EL1_REGISTER(vbar, vbar_el1)
XEN_EL1_REGISTER(sctlr, sctlr_el1)
XEN_EL1_REGISTER(esr, esr_el1)
XEN_EL1_REGISTER(far, far_el1)
XEN_EL1_REGISTER(elr, elr_el1)
XEN_EL1_REGISTER(spsr, spsr_el1)
XEN_EL1_REGISTER(sp_el1, sp_el1)
XEN_EL1_REGISTER(cntv_ctl, cntv_ctl_el0)
XEN_EL1_REGISTER(cntv_cval, cntv_cval_el0)
XEN_EL1_REGISTER(hcr, hcr_el2)

#undef XEN_EL1_REGISTER

}  // namespace xen::arch
