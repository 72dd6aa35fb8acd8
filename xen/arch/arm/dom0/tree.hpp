// SPDX-License-Identifier: MIT
// dom0's device tree: the machine's, less what is the hypervisor's, with memory, CPUs, interrupt controller and PSCI as dom0 has
// them, and the node by which it finds the hypervisor.
#pragma once

#include "arch/arm/guest_build/load.hpp"
#include "arch/arm/guest_build/nodes.hpp"

namespace xen::dom0 {

struct TreeFacts {
    u32 vcpus = 1;
    guest_build::Chosen chosen{};
    guest_build::Ranges memory{};
    device_tree::Range grants{};      // address space for its grant table
    guest_build::Ranges spaces{};     // and for pages of others
    unsigned event_ppi = 0;
};
Result<Bytes> write_tree(const device_tree::Tree& machine, const TreeFacts& facts, std::span<u8> space);

}  // namespace xen::dom0
