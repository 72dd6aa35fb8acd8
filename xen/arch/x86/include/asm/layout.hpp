// SPDX-License-Identifier: MIT
// Where things are in the hypervisor's part of the address space: top-level slots 256 to 271, the part that
// the ABI reserves for it (public/arch-x86/xen-x86_64.h).
#pragma once

#include "lib/types.hpp"

namespace xen::arch {

inline constexpr unsigned kFirstXenSlot = 256;
inline constexpr unsigned kLastXenSlot = 271;
inline constexpr u64 kSlotSize = u64{1} << 39;

inline constexpr u64 kRoM2p = 0xffff800000000000;        // slot 256: machine-to-phys, read-only for guests
inline constexpr u64 kPerDomain = 0xffff820000000000;    // slot 260: each domain's own (GDT, LDT, windows)
inline constexpr u64 kRwM2p = 0xffff828000000000;        // slot 261: the same frames, writable for us
inline constexpr u64 kFixmap = 0xffff82c000000000;       // slot 261: devices (LAPIC, IOAPIC, ACPI, MMCONFIG)
inline constexpr u64 kImage = 0xffff82d040000000;        // slot 261: the hypervisor's own image
inline constexpr u64 kFrameTable = 0xffff82e000000000;   // slot 261: one PageInfo a frame
inline constexpr u64 kXenStart = 0xffff800000000000;
inline constexpr u64 kXenEnd = 0xffff880000000000;

// The per-domain slot: 32 pages a vCPU; GDT pages 0-15 (14 and 15 the hypervisor's), LDT pages 16-31.
inline constexpr unsigned kGdtPages = 16;
inline constexpr unsigned kGuestGdtPages = 14;
inline constexpr unsigned kLdtPages = 16;
inline constexpr u64 gdt_address(unsigned vcpu) { return kPerDomain + u64{vcpu} * 32 * kPageSize; }
inline constexpr u64 ldt_address(unsigned vcpu) { return gdt_address(vcpu) + kGdtPages * kPageSize; }

// An address that a PV guest may name.
constexpr bool guest_address_ok(u64 address) { return address < 0x0000800000000000 || address >= kXenEnd; }

// A guest-virtual range that a PV guest may name: canonical and outside the hypervisor's slots.
constexpr bool guest_range_ok(u64 start, u64 bytes) {
    u64 end = start + bytes;
    if (end < start) return false;
    constexpr u64 kLowerEnd = 0x0000800000000000;   // no range begins there, not even an empty one
    return (start < kLowerEnd && end <= kLowerEnd) || start >= kXenEnd;
}

// Selectors (public/arch-x86/xen-x86_64.h FLAT_*; the hypervisor's in the reserved GDT pages).
inline constexpr u16 kXenCs = 0xe008, kXenDs = 0x0000, kTssSelector = 0xe040, kLdtSelector = 0xe050;
inline constexpr u16 kGuestCs32 = 0xe023, kGuestSs = 0xe02b, kGuestCs64 = 0xe033;

}  // namespace xen::arch
