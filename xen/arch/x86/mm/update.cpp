// SPDX-License-Identifier: MIT
// Changing one entry of a live table: take the new target, swap the entry, give the old target back.
#include <asm/mm.hpp>
#include <xen/log.hpp>

#include "arch/x86/mm/update_l1.hpp"

namespace xen::mm {
namespace {

Status take_upper(Pte value, unsigned level, Mfn table, const UpdateContext& c) {
    if (!value.present()) return {};
    return get_table_target(value, level, table, c.table_owner);
}

}  // namespace

Status update_entry(PageInfo& table, Pte* slot, Pte value, unsigned level, const UpdateContext& c) {
    unsigned index = static_cast<unsigned>(page_offset(reinterpret_cast<u64>(slot)) / sizeof(Pte));
    if (level == 1) {
        if (is_counted(table, index)) [[likely]] return update_l1(slot, value, c, OwnPages{c.table_owner});
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
