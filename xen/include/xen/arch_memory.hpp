// SPDX-License-Identifier: MIT
// What the common memory code tells an architecture.
#pragma once

#include "lib/index.hpp"

namespace xen::arch {

// A frame's number in its owner's own counting has changed (x86 PV: the machine-to-phys table).
void note_frame(Mfn f, u64 number);

}  // namespace xen::arch
