// SPDX-License-Identifier: MIT
// Simulated leaf: EL1's registers are the simulated processor's.
#pragma once

#include <asm/cpu.hpp>

namespace xen::arch {

#define XEN_EL1_REGISTER(name)                                             \
    inline u64 guest_##name() { return sim::processor.name; }              \
    inline void set_guest_##name(u64 v) { sim::processor.name = v; }
XEN_EL1_REGISTER(vbar)
XEN_EL1_REGISTER(sctlr)
XEN_EL1_REGISTER(esr)
XEN_EL1_REGISTER(far)
XEN_EL1_REGISTER(elr)
XEN_EL1_REGISTER(spsr)
XEN_EL1_REGISTER(sp_el1)
XEN_EL1_REGISTER(cntv_ctl)
XEN_EL1_REGISTER(cntv_cval)
XEN_EL1_REGISTER(hcr)
#undef XEN_EL1_REGISTER

}  // namespace xen::arch
