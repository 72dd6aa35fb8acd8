// SPDX-License-Identifier: MIT
// Leaf: for as long as one lives, code may run that was compiled for programs and uses vector registers. They are free at EL2
// from the start (head.S, CPTR_EL2), nothing of the hypervisor's uses them, and no guest has any yet.
#pragma once

namespace xen::arch {

struct [[nodiscard]] BootVectorUnit {
    BootVectorUnit() {}
    ~BootVectorUnit() {}
};

}  // namespace xen::arch
