// SPDX-License-Identifier: MIT
// Counts a domain's page references again from scratch: what its live tables, pins and partial states refer to must
// be exactly what the frame table says.
#pragma once

#include <xen/domain.hpp>

#include <string>

namespace xen::sim {

// Empty when all agree; else the first disagreement in words.
std::string census(const Domain& d);

}  // namespace xen::sim
