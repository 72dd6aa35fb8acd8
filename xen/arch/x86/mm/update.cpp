// SPDX-License-Identifier: MIT
// Changing one entry of a live table: take the new target, swap the entry, give the old target back.
#include <asm/mm.hpp>
#include <xen/log.hpp>

#include "arch/x86/mm/own_pages.hpp"

namespace xen::mm {
namespace {

// Changes of these bits alone need no new reference.
constexpr u64 kFreeBits = Pte::kNoExecute | Pte::kAvailable | Pte::kAccessed | Pte::kDirty | Pte::kUser |
                          Pte::kGuestKernel | Pte::kGlobal | (u64{0x3ff} << 53);
constexpr u64 kStickyBits = Pte::kAccessed | Pte::kDirty;

bool same_target(Pte a, Pte b) { return ((a.raw ^ b.raw) & ~kFreeBits) == 0; }

// False when the entry no longer is what was read. The processor setting A and D meanwhile is no reason.
bool swap(Pte* slot, Pte old, Pte value, bool preserve_ad) {
    for (;;) {
        Pte seen = old;
        Pte wanted = preserve_ad ? value.with(old.raw & kStickyBits) : value;
        if (exchange_pte(slot, seen, wanted)) return true;
        if ((seen.raw ^ old.raw) & ~kStickyBits) return false;
        old = seen;
    }
}

Status take_upper(Pte value, unsigned level, Mfn table, const UpdateContext& c) {
    if (!value.present()) return {};
    return get_table_target(value, level, table, c.table_owner);
}

}  // namespace

Status update_l1(Pte* slot, Pte value, const UpdateContext& c) {
    Pte old = load_pte(slot);
    if (value.present() && old.present() && same_target(old, value)) {
        return swap(slot, old, adjusted(value, 1), c.preserve_ad) ? Status{} : Errno::busy;
    }
    const OwnPages own{c.table_owner};
    if (value.present() && (&c.page_owner != &c.table_owner || !own.take(value)))
        value = TRY(get_l1_target(value, c.table_owner, c.page_owner));
    if (!swap(slot, old, adjusted(value, 1), c.preserve_ad)) {
        put_l1_target(value, c.table_owner);
        return Errno::busy;
    }
    if (old.present() && !own.give(old)) put_l1_target(old, c.table_owner);
    return {};
}

Status update_entry(PageInfo& table, Pte* slot, Pte value, unsigned level, const UpdateContext& c) {
    unsigned index = static_cast<unsigned>(page_offset(reinterpret_cast<u64>(slot)) / sizeof(Pte));
    if (level == 1) {
        if (is_counted(table, index)) [[likely]] return update_l1(slot, value, c);
        store_pte(slot, value);
        return {};
    }
    if (level == 4 && index >= arch::kFirstXenSlot && index <= arch::kLastXenSlot) {
        log_guest("d%u: tried to change the hypervisor's top-level slot %u", c.table_owner.id.raw(), index);
        return Errno::inval;
    }
    Pte old = load_pte(slot);
    if (value.present() && old.present() && same_target(old, value) && !(value.raw & (Pte::kGlobal | Pte::kSuper)))
        return swap(slot, old, adjusted(value, level), c.preserve_ad) ? Status{} : Errno::busy;
    TRY(take_upper(value, level, table.mfn(), c));
    if (!swap(slot, old, adjusted(value, level), c.preserve_ad)) {
        (void)put_table_target(value, level, table.mfn()).ok();
        return Errno::busy;
    }
    if (!old.present()) return {};
    if (!put_table_target(old, level, table.mfn())) defer(current(), page_of(old.mfn()));
    return {};
}

}  // namespace xen::mm
