// SPDX-License-Identifier: MIT
// Simulated leaf: the machine-to-phys table is a host array.
#pragma once

#include <asm/layout.hpp>

#include "lib/index.hpp"

namespace xen::arch {

extern u64* m2p_table;
inline u64* m2p_entry(Mfn f) { return m2p_table + f.raw(); }
Mfn m2p_frame(u64 offset);

}  // namespace xen::arch
