// SPDX-License-Identifier: MIT
#include "arch/x86/dom0/plan.hpp"

#include <xen/log.hpp>

namespace xen::dom0 {
namespace {

constexpr u64 kMiB = 1 << 20;
constexpr u64 kLeast = 512 * kMiB >> kPageShift;
constexpr u64 kMost = 4096 * kMiB >> kPageShift;
constexpr u64 kReserve = 64 * kMiB >> kPageShift;  // what the hypervisor keeps in any case

u64 page_up(u64 v) { return (v + kPageSize - 1) & kPageMask; }

u64 pages_of(Maybe<u64> bytes, bool relative, u64 free_pages, u64 otherwise) {
    if (!bytes) return otherwise;
    u64 pages = *bytes >> kPageShift;
    if (!relative) return pages;
    return pages < free_pages ? free_pages - pages : 0;
}

u64 fallback_size(u64 free_pages) {
    u64 pages = free_pages / 4;
    if (pages < kLeast) pages = kLeast;
    return pages < kMost ? pages : kMost;
}

}  // namespace

Size decide_size(const option::Dom0Memory& asked, u64 free_pages) {
    u64 least = pages_of(asked.min, asked.min_relative, free_pages, 0);
    u64 most = pages_of(asked.max, asked.max_relative, free_pages, ~u64{0});
    u64 pages = pages_of(asked.size, asked.size_relative, free_pages, fallback_size(free_pages));
    if (pages > most) pages = most;
    if (pages < least) pages = least;
    u64 available = free_pages > kReserve ? free_pages - kReserve : free_pages / 2;
    if (pages > available) pages = available;
    if (most == ~u64{0} || most < pages) most = pages;
    return {pages, most};
}

u32 decide_vcpus(u32 least, u32 most, u32 cpus) {
    u32 n = cpus;
    if (n > most) n = most;
    if (n < least) n = least;
    return n ? n : 1;
}

u64 tables_for(u64 start, u64 end, unsigned level) {
    unsigned shift = 12 + 9 * (level - 1);
    return ((end - 1) >> shift) - (start >> shift) + 1;
}

Result<Plan> plan_layout(const image::Elf& k, u64 nr_pages, u64 ramdisk_bytes) {
    Plan p;
    p.virt_base = k.notes.virt_base;
    if ((p.virt_base & ~kPageMask) || k.virt_start < p.virt_base) {
        log_error("kernel image refused: it lies below its own virtual base %#lx", p.virt_base);
        return Errno::noexec;
    }
    u64 at = page_up(k.virt_end);
    if (ramdisk_bytes && !k.notes.module_unmapped) {
        p.ramdisk = at;
        at = page_up(at + ramdisk_bytes);
    }
    p.p2m_apart = static_cast<bool>(k.notes.p2m_base);
    p.p2m = p.p2m_apart ? *k.notes.p2m_base : at;
    p.p2m_end = p.p2m + nr_pages * sizeof(u64);
    if (!p.p2m_apart) at = page_up(p.p2m_end);
    p.start_info = at;
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
    if (p.mapped_pages() > nr_pages) {
        log_error("dom0 has %lu MiB, but its kernel and ramdisk need %lu MiB: give it more with dom0_mem=", nr_pages >> 8,
                  p.mapped_pages() >> 8);
        return Errno::nomem;
    }
    return p;
}

}  // namespace xen::dom0
