// SPDX-License-Identifier: MIT
// x86-64 page-table entries as PV guests write them (SDM 3A 4.5; all levels share the layout of the address and
// of the flags used here). A value type: reading and writing memory is the caller's.
#pragma once

#include "lib/index.hpp"

namespace xen::arch {

struct Pte {
    u64 raw = 0;

    static constexpr u64 kPresent = 1 << 0, kWrite = 1 << 1, kUser = 1 << 2, kWriteThrough = 1 << 3,
                         kCacheDisable = 1 << 4, kAccessed = 1 << 5, kDirty = 1 << 6, kPat = 1 << 7, kSuper = 1 << 7,
                         kGlobal = 1 << 8, kAvailable = 7 << 9;
    static constexpr u64 kGuestKernel = u64{1} << 52;  // ours: a kernel page of a 64-bit PV guest (it has no US=0)
    static constexpr u64 kNoExecute = u64{1} << 63;
    static constexpr u64 kAddress = 0x000ffffffffff000;
    static constexpr u64 kCacheAttributes = kPat | kCacheDisable | kWriteThrough;

    constexpr bool present() const { return raw & kPresent; }
    constexpr bool writable() const { return raw & kWrite; }
    constexpr bool has(u64 flags) const { return (raw & flags) == flags; }
    constexpr Mfn mfn() const { return Mfn{(raw & kAddress) >> kPageShift}; }
    constexpr u64 flags() const { return raw & ~kAddress; }
    constexpr Pte with(u64 flags) const { return {raw | flags}; }
    constexpr Pte without(u64 flags) const { return {raw & ~flags}; }
    static constexpr Pte make(Mfn f, u64 flags) { return {(f.raw() << kPageShift) | flags}; }
    friend constexpr bool operator==(Pte, Pte) = default;
};
static_assert(sizeof(Pte) == 8);
static_assert(Pte::make(Mfn{0x12345}, Pte::kPresent).mfn() == Mfn{0x12345});

inline constexpr unsigned kEntries = 512;
constexpr unsigned index_of(u64 va, unsigned level) { return (va >> (12 + 9 * (level - 1))) & (kEntries - 1); }

// Entries are shared with the page walker and other CPUs: whole-word accesses only.
inline Pte load_pte(const Pte* p) { return {__atomic_load_n(&p->raw, __ATOMIC_RELAXED)}; }
inline void store_pte(Pte* p, Pte v) { __atomic_store_n(&p->raw, v.raw, __ATOMIC_RELAXED); }
inline bool exchange_pte(Pte* p, Pte& expected, Pte v) {
    return __atomic_compare_exchange_n(&p->raw, &expected.raw, v.raw, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}
// The same where what stands there instead is of no use: `old` stays in a register.
inline bool replace_pte(Pte* p, Pte old, Pte v) {
    u64 expected = old.raw;
    return __atomic_compare_exchange_n(&p->raw, &expected, v.raw, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

}  // namespace xen::arch
