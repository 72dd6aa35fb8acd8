// SPDX-License-Identifier: MIT
// The device tree that the boot loader passed. Boot CPU, until the first guest runs; where there is none (x86 without a
// description) it may not be asked for.
#pragma once

#include <xen/device_tree.hpp>

namespace xen::boot {

bool has_tree();
const device_tree::Tree& tree();

}  // namespace xen::boot
