// SPDX-License-Identifier: MIT
// Gives dom0 the devices of the machine: registers and windows where they are, interrupt lines by their own numbers.
#pragma once

#include <xen/device_tree.hpp>
#include <xen/domain.hpp>

namespace xen::dom0 {

Status give_devices(Domain& d, const device_tree::Tree& tree);

}  // namespace xen::dom0
