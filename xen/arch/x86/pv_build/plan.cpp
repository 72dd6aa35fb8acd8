// SPDX-License-Identifier: MIT
#include "arch/x86/pv_build/plan.hpp"

#include <xen/log.hpp>

namespace xen::pv_build {
namespace {

constexpr u64 kMiB = 1 << 20;
u64 page_up(u64 v) { return (v + kPageSize - 1) & kPageMask; }

}  // namespace

u64 tables_for(u64 start, u64 end, unsigned level) {
    unsigned shift = 12 + 9 * (level - 1);
    return ((end - 1) >> shift) - (start >> shift) + 1;
}

Result<Plan> plan_layout(const image::Elf& k, const Wanted& w) {
    Plan p;
    p.virt_base = k.notes.virt_base;
    if ((p.virt_base & ~kPageMask) || k.virt_start < p.virt_base) {
        log_error("kernel image refused: it lies below its own virtual base %#lx", p.virt_base);
        return Errno::noexec;
    }
    u64 at = page_up(k.virt_end);
    if (w.ramdisk_bytes && !k.notes.module_unmapped) {
        p.ramdisk = at;
        at = page_up(at + w.ramdisk_bytes);
    }
    p.p2m_apart = static_cast<bool>(k.notes.p2m_base);
    p.p2m = p.p2m_apart ? *k.notes.p2m_base : at;
    p.p2m_end = p.p2m + w.nr_pages * sizeof(u64);
    if (!p.p2m_apart) at = page_up(p.p2m_end);
    p.start_info = at;
    if (w.console) p.console = at += kPageSize;
    p.page_tables = at + kPageSize;
    // The tables map themselves: grow until they fit.
    for (u64 tables = 4;; ++tables) {
        p.stack = p.page_tables + tables * kPageSize;
        p.end = (p.stack + kPageSize + (4 * kMiB - 1)) & ~(4 * kMiB - 1);
        if (p.end - p.stack - kPageSize < 512 * 1024) p.end += 4 * kMiB;
        u64 needed = 1 + tables_for(p.virt_base, p.end, 4) + tables_for(p.virt_base, p.end, 3) +
                     tables_for(p.virt_base, p.end, 2);
        if (needed <= tables) {
            p.page_table_count = tables;
            break;
        }
    }
    if (p.end < p.virt_base) {
        log_error("kernel image refused: no room above it for start information and page tables");
        return Errno::noexec;
    }
    if (p.mapped_pages() > w.nr_pages) {
        log_error("%s has %lu MiB, but its kernel and ramdisk need %lu MiB: give it more", w.name, w.nr_pages >> 8,
                  p.mapped_pages() >> 8);
        return Errno::nomem;
    }
    return p;
}

}  // namespace xen::pv_build
