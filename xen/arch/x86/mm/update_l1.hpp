// SPDX-License-Identifier: MIT
// Changing one counted entry of a live L1 table: take the new target, swap the entry, give the old target back. In line at
// its two callers, update_va_mapping and mmu_update: a call costs 20 instructions of 60.
#pragma once

#include <asm/mm.hpp>
#include <xen/log_dirty.hpp>

#include "arch/x86/mm/own_pages.hpp"

namespace xen::mm {

// Changes of these bits alone need no new reference.
inline constexpr u64 kFreeBits = Pte::kNoExecute | Pte::kAvailable | Pte::kAccessed | Pte::kDirty | Pte::kUser |
                                 Pte::kGuestKernel | Pte::kGlobal | (u64{0x3ff} << 53);

inline bool same_target(Pte a, Pte b) { return ((a.raw ^ b.raw) & ~kFreeBits) == 0; }

// False when the entry no longer is what was read. The processor setting A and D meanwhile is no reason.
[[gnu::always_inline]] inline bool swap(Pte* slot, Pte old, Pte value, bool preserve_ad) {
    constexpr u64 kStickyBits = Pte::kAccessed | Pte::kDirty;
    for (;;) {
        Pte wanted = preserve_ad ? value.with(old.raw & kStickyBits) : value;
        u64 seen = old.raw;
        if (__atomic_compare_exchange_n(&slot->raw, &seen, wanted.raw, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) [[likely]]
            return true;
        if ((seen ^ old.raw) & ~kStickyBits) return false;
        old = Pte{seen};
    }
}

// The page may have been written until now, and the entry may no longer tell. After the change: a mark of before could have
// been taken already when the page was written.
[[gnu::noinline, gnu::cold]] inline void note_lost(Pte old) {
    if (old.writable() && mfn_valid(old.mfn())) log_dirty::mark(page_of(old.mfn()));
}

// The owner's tables lock is held; `own` are the table owner's pages.
[[gnu::always_inline]] inline Status update_l1(Pte* slot, Pte value, const UpdateContext& c, const OwnPages& own) {
    Pte old = load_pte(slot);
    if (value.present() && old.present() && same_target(old, value)) {
        if (!swap(slot, old, adjusted(value, 1), c.preserve_ad)) [[unlikely]] return Errno::busy;
        if (own.recorded()) [[unlikely]] note_lost(old);
        return {};
    }
    if (value.present() && (&c.page_owner != &c.table_owner || !own.take(value))) [[unlikely]]
        value = TRY(get_l1_target(value, c.table_owner, c.page_owner));
    if (!swap(slot, old, adjusted(value, 1), c.preserve_ad)) [[unlikely]] {
        put_l1_target(value, c.table_owner);
        return Errno::busy;
    }
    if (old.present() && !own.give(old)) [[unlikely]] put_l1_target(old, c.table_owner);
    return {};
}

}  // namespace xen::mm
