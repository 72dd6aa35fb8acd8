// SPDX-License-Identifier: MIT
// Leaf: the hypervisor's own timer of this CPU, CNTHP_EL2 (ARM D19.12.10), and the counter's frequency.
#pragma once

#include <asm/sysreg.hpp>

namespace xen::arch {

inline u64 counter_frequency() { return READ_SYSREG(cntfrq_el0); }
inline void set_own_timer(u64 at_count) {
    WRITE_SYSREG(cnthp_cval_el2, at_count);
    WRITE_SYSREG(cnthp_ctl_el2, 1);
    isb();
}
inline void stop_own_timer() {
    WRITE_SYSREG(cnthp_ctl_el2, 0);
    isb();
}

}  // namespace xen::arch
