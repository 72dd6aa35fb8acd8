// SPDX-License-Identifier: MIT
// Private to arch/arm/platform: the processors that a device tree describes (Devicetree Specification 3.7 and 3.8).
#pragma once

#include <xen/config/nr_cpus.hpp>
#include <xen/device_tree.hpp>

#include "lib/fixed_vector.hpp"
#include "lib/index.hpp"

namespace xen::platform {

struct Processor {
    u64 affinity = 0;         // MPIDR_EL1, its affinity fields
    Maybe<Paddr> release{};   // of a spin table: where it waits for an address to start at; without one, PSCI starts it
};
using Processors = FixedVector<Processor, config::nr_cpus>;

// The one of affinity `own` first, the others in the tree's order. One that cannot be started (failed, twice there, no place to
// release it, more than this build can use) is left out with a warning. Boot CPU.
Processors read_processors(const device_tree::Tree& tree, u64 own);

}  // namespace xen::platform
