// SPDX-License-Identifier: MIT
// Simulated leaf: a program may use its vector registers as it is.
#pragma once

namespace xen::arch {

class [[nodiscard]] BootVectorUnit {
public:
    BootVectorUnit() {}
    BootVectorUnit(const BootVectorUnit&) = delete;
    BootVectorUnit& operator=(const BootVectorUnit&) = delete;
    ~BootVectorUnit() {}
};

}  // namespace xen::arch
