// SPDX-License-Identifier: MIT
// Devices of the machine that a partition gets: the nodes below /passthrough of its partial device tree, as Xen 4.17 documents
// them. `xen,path` names the machine's node, which has `xen,passthrough`; `xen,reg` has triplets of machine address, size and
// the guest's address; `xen,force-assign-without-iommu` is needed, since no IOMMU is in use.
#pragma once

#include <xen/device_tree.hpp>
#include <xen/domain.hpp>

#include "lib/bitmap.hpp"

namespace xen::guest_build {

inline constexpr usize kLines = 1024;

// Registers and interrupt lines. Each mistake is logged, about `name`. Boot CPU, before the guest runs.
Status give_devices(Domain& d, const device_tree::Tree& partial, const device_tree::Tree& machine, const char* name);
// The machine's node is set aside for a partition: dom0 does not get it.
inline bool is_set_aside(device_tree::Node n) { return n.has("xen,passthrough"); }
// Interrupt lines of such nodes.
Bitmap<kLines> lines_set_aside(const device_tree::Tree& machine);

}  // namespace xen::guest_build
