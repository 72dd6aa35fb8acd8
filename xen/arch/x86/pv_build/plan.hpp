// SPDX-License-Identifier: MIT
// Where everything of a PV domain goes at its start: pure arithmetic from the kernel's notes and the sizes (the start-of-day layout
// that public/xen.h describes above start_info).
#pragma once

#include <xen/image.hpp>

namespace xen::pv_build {

// Virtual addresses, in order; the mapped region starts at virt_base, which is pseudo-physical frame 0.
struct Plan {
    u64 virt_base = 0;
    u64 ramdisk = 0;          // 0: not mapped (the kernel takes it by frame)
    u64 p2m = 0, p2m_end = 0; // own region, or inside the mapped one
    bool p2m_apart = false;
    u64 start_info = 0;
    u64 console = 0;          // 0: none
    u64 page_tables = 0;
    u64 page_table_count = 0;
    u64 stack = 0;
    u64 end = 0;              // of the mapped region, 4 MiB aligned with at least 512 KiB spare
    u64 mapped_pages() const { return (end - virt_base) >> kPageShift; }
    u64 pfn_of(u64 va) const { return (va - virt_base) >> kPageShift; }
    u64 va_of_pfn(u64 pfn) const { return virt_base + (pfn << kPageShift); }
};
struct Wanted {
    u64 nr_pages = 0, ramdisk_bytes = 0;
    bool console = false;     // a page for the ring of a PV console
    const char* name = "";    // for the log
};
Result<Plan> plan_layout(const image::Elf& kernel, const Wanted& w);

// Tables below the root that [start, end) needs at a level (2: L1 tables, 3: L2 tables, 4: L3 tables).
u64 tables_for(u64 start, u64 end, unsigned level);

}  // namespace xen::pv_build
