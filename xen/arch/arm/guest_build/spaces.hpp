// SPDX-License-Identifier: MIT
// Address space that a guest is told of because nothing of its own is there. Pure.
#pragma once

#include <span>

#include <xen/boot_info.hpp>

#include "arch/arm/guest_build/load.hpp"

namespace xen::guest_build {

using Occupied = FixedVector<device_tree::Range, 64>;

// For pages of others: what of `candidates` is none of `occupied`, in pieces of whole 2 MiB, 64 MiB at least (a smaller one is not
// worth its cells), eight at most.
Ranges free_space(std::span<const device_tree::Range> candidates, const Occupied& occupied);
// The same of the machine's RAM, for a guest whose addresses are the machine's.
Ranges machine_space(std::span<const MemoryRange> machine, const Occupied& occupied);
// For the grant table of a guest whose addresses are the machine's: that of the hypervisor's own image, which is no guest's.
device_tree::Range grant_space(Paddr image, u32 frames);

}  // namespace xen::guest_build
