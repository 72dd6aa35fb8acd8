// SPDX-License-Identifier: MIT
// Private to common/partition: the memory behind shared regions.
#pragma once

#include <xen/partition.hpp>

namespace xen::partition {

// Each region's memory, once, wiped: its owner's, or nobody's (dom_io). Every SharedMemory has its machine address then.
// Errors are logged with their cause.
Status place_regions(std::span<Description> all, Domain& (*domain_of)(u16 partition));

}  // namespace xen::partition
