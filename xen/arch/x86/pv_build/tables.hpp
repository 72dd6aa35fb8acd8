// SPDX-License-Identifier: MIT
// A PV domain's first page tables: the mapped region and, where the kernel wants it apart, the p2m list.
#pragma once

#include "arch/x86/pv_build/frames.hpp"
#include "arch/x86/pv_build/plan.hpp"

namespace xen::pv_build {

// Frames of the p2m list with the tables that map it, when it lies apart from the mapped region.
struct P2mFrames {
    u64 first_pfn = 0;
    u64 list_pages = 0;
    u64 table_pages = 0;
    u64 count() const { return list_pages + table_pages; }
};
P2mFrames p2m_frames(const Plan& plan);

// Builds them; the root is the first page of plan.page_tables.
Status build_tables(const Frames& frames, const Plan& plan, const P2mFrames& p2m);

// Writes the p2m list and the machine-to-phys table.
void write_p2m(const Frames& frames, const Plan& plan, const P2mFrames& p2m);

}  // namespace xen::pv_build
