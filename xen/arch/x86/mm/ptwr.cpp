// SPDX-License-Identifier: MIT
// Writable page tables by emulation: a guest that writes an L1 table through its read-only mapping faults, its
// instruction is emulated, and the store becomes a checked update here.
#include <asm/mm.hpp>

#include "arch/x86/mm/walk.hpp"

namespace xen::mm {
namespace {

// The L1 table that an address maps read-only, if it does.
PageInfo* table_behind(Vcpu& v, u64 address) {
    auto found = find_l1(v, address);
    if (!found) return nullptr;
    Pte e = found.value().value;
    if (!e.present() || e.writable() || !mfn_valid(e.mfn())) return nullptr;
    PageInfo& p = page_of(e.mfn());
    bool live = p.page_type() == PageType::l1 && p.type_uses() && p.owner() == v.domain;
    return live ? &p : nullptr;
}

u64 mask_of(unsigned bytes) { return bytes == 8 ? ~u64{0} : (u64{1} << (8 * bytes)) - 1; }

}  // namespace

bool is_writable_table_fault(Vcpu& v, u64 address) {
    return v.arch.in_kernel && arch::guest_range_ok(address, 1) && table_behind(v, address) != nullptr;
}

Result<bool> emulated_write(Vcpu& v, const EntryWrite& w, u64* seen) {
    Guard g{v.domain->arch.tables_lock};
    PageInfo* table = table_behind(v, w.address);
    if (!table) return Errno::fault;
    u64 offset = page_offset(w.address);
    unsigned shift = static_cast<unsigned>(offset & 7) * 8;
    if (shift / 8 + w.bytes > 8) return Errno::opnotsupp;  // across two entries
    MappedPage<Pte> map{table->mfn()};
    unsigned index = static_cast<unsigned>(offset / sizeof(Pte));
    bool counted = is_counted(*table, index);
    Pte* slot = &map[index];
    Pte old = load_pte(slot);
    u64 mask = mask_of(w.bytes) << shift;
    u64 part = (old.raw & mask) >> shift;
    if (seen) *seen = part;
    if (w.compare && part != (w.expected & mask_of(w.bytes))) return false;
    Pte value{(old.raw & ~mask) | ((w.value << shift) & mask)};

    UpdateContext c{*v.domain, *v.domain};
    Pte checked = value;
    if (counted && checked.present()) {
        checked = TRY(get_l1_target(checked, c.table_owner, c.page_owner));
    }
    Pte expected = old;
    if (!exchange_pte(slot, expected, counted ? adjusted(checked, 1) : value)) {
        if (counted) put_l1_target(checked, c.table_owner);
        if (!w.compare) return Errno::again;  // the processor set a bit meanwhile: the instruction runs again
        return false;
    }
    if (counted) put_l1_target(old, c.table_owner);
    return true;
}

}  // namespace xen::mm
