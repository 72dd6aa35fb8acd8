// SPDX-License-Identifier: MIT
// What the common memory code tells an architecture.
#pragma once

#include "lib/index.hpp"

namespace xen {
struct Domain;
}

namespace xen::arch {

// A frame's number in its owner's own counting has changed (x86 PV: the machine-to-phys table).
void note_frame(Mfn f, u64 number);

// The hypervisor's pages that hold the domain's memory map (PV guests hold their own tables: 0). They come as it maps here and
// there, and go with the domain.
u64 table_pages(const Domain& d);

}  // namespace xen::arch
