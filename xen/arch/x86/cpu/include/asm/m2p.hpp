// SPDX-License-Identifier: MIT
// Leaf: the writable mapping of the machine-to-phys table.
#pragma once

#include <asm/layout.hpp>

#include "lib/index.hpp"

namespace xen::arch {

inline u64* m2p_entry(Mfn f) { return reinterpret_cast<u64*>(kRwM2p) + f.raw(); }

// The frame behind a byte offset of the table (2 MiB steps).
Mfn m2p_frame(u64 offset);
// Lets toolstacks map the table, read-only, as pages of the domain that stands for the hypervisor. Once, at boot.
void publish_m2p();

}  // namespace xen::arch
