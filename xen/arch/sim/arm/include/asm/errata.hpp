// SPDX-License-Identifier: MIT
// Simulated leaf: a processor without faults.
#pragma once

#include <asm/workaround.hpp>

namespace xen::errata {

template <Workaround>
inline bool active() { return false; }
inline bool firmware_barrier_active() { return false; }

}  // namespace xen::errata
