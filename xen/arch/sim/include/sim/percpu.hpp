// SPDX-License-Identifier: MIT
// A simulated CPU's per-CPU data.
#pragma once

#include "lib/types.hpp"

namespace xen::sim {

// A fresh copy of the template, for the life of the program: what CpuBlock::percpu_offset is to be.
sptr copy_percpu();

}  // namespace xen::sim
