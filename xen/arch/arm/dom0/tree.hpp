// SPDX-License-Identifier: MIT
// dom0's device tree: the machine's, less what is the hypervisor's, with memory, CPUs, interrupt controller and PSCI as dom0 has
// them, and the node by which it finds the hypervisor.
#pragma once

#include <xen/device_tree.hpp>

#include "arch/arm/dom0/banks.hpp"

namespace xen::dom0 {

struct TreeFacts {
    u32 vcpus = 1;
    Str command_line{};
    u64 ramdisk_start = 0, ramdisk_end = 0;   // both 0: none
    Banks banks{};
    Bank grants{};            // address space for its grant table
    Banks spaces{};           // and for pages of others
    unsigned event_ppi = 0;
};
Result<Bytes> write_tree(const device_tree::Tree& machine, const TreeFacts& facts, std::span<u8> space);

}  // namespace xen::dom0
