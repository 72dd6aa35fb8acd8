// SPDX-License-Identifier: MIT
// Arm's stage 2 with 4 KiB pages (ARM DDI 0487, D8.3 and D8.5): guest-physical to machine addresses. Pure.
#pragma once

#include "lib/pagetable/format.hpp"

namespace xen::pt {

// MemAttr[3:0] of stage 2 while HCR_EL2.FWB is 0 (D8.5.5).
enum class MemoryAttribute : u8 { device_nGnRnE = 0b0000, device_nGnRE = 0b0001, normal_uncached = 0b0101, normal = 0b1111 };

struct Stage2 {
    using Entry = u64;

    struct Attributes {
        MemoryAttribute memory = MemoryAttribute::normal;
        bool read = true, write = true, execute = true;
        u8 type = 0;   // four bits for software (58:55): what the owner of the table says the leaf is
        friend constexpr bool operator==(const Attributes&, const Attributes&) = default;
    };

    static constexpr unsigned kLargestLeaf = 2;
    static constexpr bool kBreakBeforeMake = true;   // D8.14.1
    // The most bits of an input address whose first table is one of level 1: up to 16 tables stand side by side (D8.2.2).
    static constexpr unsigned kMostThreeLevelBits = 43, kMostBits = 48, kLeastBits = 32;

    constexpr explicit Stage2(unsigned input_bits) : bits_{static_cast<u8>(input_bits)} {}
    constexpr unsigned input_bits() const { return bits_; }
    constexpr unsigned root_height() const { return bits_ <= kMostThreeLevelBits ? 2 : 3; }
    // The pages of the root, which is aligned to its size.
    constexpr unsigned root_order() const {
        unsigned covered = shift_of(root_height() + 1);
        return bits_ > covered ? bits_ - covered : 0;
    }

    static constexpr EntryKind kind(Entry e, unsigned height) {
        if (!(e & kValid)) return EntryKind::hole;
        if (height == 0) return e & kTableOrPage ? EntryKind::leaf : EntryKind::hole;
        return e & kTableOrPage ? EntryKind::table : EntryKind::leaf;
    }
    static constexpr Entry leaf(unsigned height, Paddr p, Attributes a) {
        Entry e = p.raw() | kValid | kAccessed | u64{static_cast<u8>(a.memory)} << kMemoryShift | u64{a.type} << kTypeShift;
        if (height == 0) e |= kTableOrPage;
        if (a.read) e |= kRead;
        if (a.write) e |= kWrite;
        if (!a.execute) e |= kNeverExecute;
        return e | (a.memory == MemoryAttribute::normal ? kInnerShareable : kOuterShareable);
    }
    static constexpr Entry table(Paddr p) { return p.raw() | kTableOrPage | kValid; }
    static constexpr Paddr address(Entry e, unsigned) { return Paddr{e & kAddress}; }
    static constexpr Attributes attributes(Entry e) {
        return {static_cast<MemoryAttribute>(e >> kMemoryShift & 15), (e & kRead) != 0, (e & kWrite) != 0, !(e & kNeverExecute),
                static_cast<u8>(e >> kTypeShift & 15)};
    }
    // A broken leaf keeps all but the valid bit; AF tells it from nothing.
    static constexpr Entry broken(Entry e) { return e & ~kValid; }
    static constexpr bool is_broken(Entry e) { return (e & (kValid | kAccessed)) == kAccessed; }
    static constexpr Entry mended(Entry e, unsigned) { return e | kValid; }

    // VTCR_EL2 (D19.2.163): inner shareable, write-back walks of 4 KiB tables. `range` is ID_AA64MMFR0_EL1.PARange.
    // VS: VMIDs have 16 bits.
    constexpr u64 control(u64 range, bool wide_vmids = false) const {
        constexpr u64 kWalks = u64{3} << 12 | u64{1} << 10 | u64{1} << 8, kReserved = u64{1} << 31;
        u64 first_level = root_height() - 1;   // SL0: 1 from level 1, 2 from level 0
        return kReserved | u64{wide_vmids} << 19 | range << 16 | kWalks | first_level << 6 | (64 - u64{bits_});
    }

private:
    static constexpr u64 kValid = 1, kTableOrPage = 2, kRead = 1 << 6, kWrite = 1 << 7, kAccessed = 1 << 10;
    static constexpr u64 kOuterShareable = u64{2} << 8, kInnerShareable = u64{3} << 8;
    static constexpr u64 kNeverExecute = u64{1} << 54;
    static constexpr u64 kAddress = 0x0000fffffffff000;
    static constexpr unsigned kMemoryShift = 2, kTypeShift = 55;

    u8 bits_;
};

static_assert(Format<Stage2>);
static_assert(Stage2{40}.root_height() == 2 && Stage2{40}.root_order() == 1 && Stage2{36}.root_order() == 0);
static_assert(Stage2{43}.root_order() == 4 && Stage2{44}.root_height() == 3 && Stage2{48}.root_order() == 0);
static_assert(Stage2{40}.control(2) == 0x80023558 && Stage2{44}.control(4) == 0x80043594);
static_assert(Stage2::attributes(Stage2::leaf(1, Paddr{0x40000000}, {.write = false, .execute = false, .type = 9})) ==
              Stage2::Attributes{.write = false, .execute = false, .type = 9});
static_assert(Stage2::kind(Stage2::leaf(0, Paddr{0}, {}), 0) == EntryKind::leaf &&
              Stage2::kind(Stage2::leaf(1, Paddr{0}, {}), 1) == EntryKind::leaf &&
              Stage2::kind(Stage2::table(Paddr{0x1000}), 1) == EntryKind::table);
static_assert(Stage2::is_broken(Stage2::broken(Stage2::leaf(0, Paddr{0}, {}))) && !Stage2::is_broken(0));

}  // namespace xen::pt
