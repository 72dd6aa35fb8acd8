// SPDX-License-Identifier: MIT
// Leaf: the hypervisor's own page tables (slots 256 to 271 but 260, the same in every address space) and mappings of
// devices and firmware in them. Mapping wants the boot CPU or the hotplug lock; mapped device areas stay for ever
// unless unmapped by their only user.
#pragma once

#include "lib/index.hpp"
#include "lib/maybe.hpp"
#include "lib/result.hpp"

namespace xen::arch {

// Page-table entry bits (SDM volume 3, 4.5). The PAT is the ABI's: index 1 WT, 2 UC-, 3 UC, 4 WC, 5 WP.
namespace pte {
inline constexpr u64 kPresent = 1 << 0, kWrite = 1 << 1, kUser = 1 << 2, kPwt = 1 << 3, kPcd = 1 << 4, kAccessed = 1 << 5,
                     kDirty = 1 << 6, kLarge = 1 << 7, kGlobal = 1 << 8, kNoExecute = u64{1} << 63;
inline constexpr u64 kAddress = 0x000ffffffffff000;
inline constexpr u64 kBase = kPresent | kAccessed | kDirty | kGlobal;
inline constexpr u64 kData = kBase | kWrite | kNoExecute;
inline constexpr u64 kReadOnly = kBase | kNoExecute;
inline constexpr u64 kCode = kBase;
inline constexpr u64 kDevice = kData | kPcd | kPwt;   // strongly uncached
}  // namespace pte

inline constexpr u64 kPatValue = 0x050100070406;

extern "C" u64 idle_pg_table[512];   // the L4 that every guest L4's hypervisor part is copied from
Paddr idle_table_address();

// Addresses in the fixmap area (asm/layout.hpp): each CPU's stacks and tables at its end, the rest by map_device.
inline constexpr u64 kCpuAreas = 0xffff82cf00000000;
inline constexpr u64 kCpuAreaSize = 64 * 1024;

// Maps whole pages, large ones where alignment lets it. Replaces what was there; the caller flushes then.
Status map_xen(u64 va, Paddr pa, u64 bytes, u64 flags);
// Whole 4 KiB-mapped pages; flushes this CPU.
void unmap_xen(u64 va, u64 bytes);
// The entry that maps the address, and how many address bits it covers.
struct Translation {
    Paddr address;
    u64 flags;
    unsigned shift;
};
Maybe<Translation> translate_xen(u64 va);

// Device registers, uncached. Firmware tables, cached and read-only; in RAM this is the direct map. nullptr when no
// memory for tables is left.
void* map_device(Paddr at, usize bytes);
void* map_firmware(Paddr at, usize bytes);
void unmap(void* p, usize bytes);          // what the two gave; nothing happens for the direct map

// Where page-table pages come from: the boot code's at first, then the heap.
using TableSource = Maybe<Paddr> (*)();
void set_table_source(TableSource source);

}  // namespace xen::arch
