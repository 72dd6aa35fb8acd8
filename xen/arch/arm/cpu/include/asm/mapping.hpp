// SPDX-License-Identifier: MIT
// Leaf: the hypervisor's own address space at EL2 (48 bits, one table for all CPUs) and mappings of devices and firmware in
// it. Mapping wants the boot CPU or the hotplug lock; mapped device areas stay for ever unless unmapped by their only user.
//
//   0x0000.........  one page of start code, at its physical address: where a CPU switches its MMU on
//   0x400000000000   the image                      0x420000000000   the frame table
//   0x408000000000   devices and firmware           0x800000000000   all RAM (asm/pagemap.hpp)
//   0x410000000000   each CPU's stack, a hole below it
#pragma once

#include "lib/index.hpp"
#include "lib/maybe.hpp"
#include "lib/result.hpp"

namespace xen::arch {

inline constexpr u64 kImageBase = 0x400000000000, kDevices = 0x408000000000, kCpuAreas = 0x410000000000, kFrameTable = 0x420000000000;

// Descriptor bits of stage 1 at EL2 (ARM D8.3). Bit 6, AP[1], is one where there is only one range of addresses.
namespace pte {
inline constexpr u64 kValid = 1 << 0, kTable = 1 << 1, kAttribute = 1 << 2, kAp1 = 1 << 6, kReadOnlyBit = 1 << 7, kInner = 3 << 8,
                     kAccessed = 1 << 10, kNoExecute = u64{1} << 54;
inline constexpr u64 kAddress = 0x0000fffffffff000;
// Indices of MAIR_EL2.
inline constexpr u64 kDeviceStrong = 0, kDeviceEarlyAck = 1, kUncached = 2, kWriteBack = 3;
inline constexpr u64 kBase = kValid | kAp1 | kInner | kAccessed;
inline constexpr u64 kData = kBase | kWriteBack * kAttribute | kNoExecute;
inline constexpr u64 kReadOnly = kData | kReadOnlyBit;
inline constexpr u64 kCode = kBase | kWriteBack * kAttribute | kReadOnlyBit;
inline constexpr u64 kDevice = kBase | kDeviceEarlyAck * kAttribute | kNoExecute;
}  // namespace pte

inline constexpr u64 kMair = 0x00 | 0x04 << 8 | 0x44 << 16 | u64{0xff} << 24;

extern "C" u64 xen_root[512];   // level 0
Paddr image_physical(const void* in_image);
void set_image_physical(Paddr start);

// Maps whole pages, blocks where alignment lets it; what was there is replaced (by break-before-make) and flushed everywhere.
Status map_xen(u64 va, Paddr pa, u64 bytes, u64 flags);
void unmap_xen(u64 va, u64 bytes);
bool is_mapped(u64 va);

// Device registers. Firmware tables, cached and read-only; in RAM this is the direct map. nullptr when no memory for tables
// is left.
void* map_device(Paddr at, usize bytes);
void* map_firmware(Paddr at, usize bytes);

// Where page-table pages come from: the boot code's at first, then the heap.
using TableSource = Maybe<Paddr> (*)();
void set_table_source(TableSource source);

}  // namespace xen::arch
