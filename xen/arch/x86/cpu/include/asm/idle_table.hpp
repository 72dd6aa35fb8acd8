// SPDX-License-Identifier: MIT
// Leaf: the hypervisor's own top-level table, built at boot; its slots 256 to 271 are in every address space.
#pragma once

#include <asm/pte.hpp>

namespace xen::arch {

Pte* idle_root();

}  // namespace xen::arch
