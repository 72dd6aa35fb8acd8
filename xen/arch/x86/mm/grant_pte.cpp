// SPDX-License-Identifier: MIT
// Page-table entries for granted frames: written at a guest address or straight into a table entry that the guest
// names (GNTMAP_contains_pte). The grant code owns the frame's references; the entry here replaces none.
#include <asm/cpu.hpp>
#include <asm/mm.hpp>
#include <public/grant_table.h>
#include <xen/grant.hpp>
#include <xen/log.hpp>

#include "arch/x86/mm/walk.hpp"

namespace xen::arch {
namespace {

using mm::L1Slot;
using mm::Pte;

struct Slot {
    PageRef held;   // where nothing else keeps the table
    Mfn table;
    unsigned index = 0;
};

u64 flags_of(u32 grant_flags, u64 cache) {
    u64 f = Pte::kPresent | Pte::kAccessed | Pte::kDirty | Pte::kNoExecute | cache;
    if (!(grant_flags & GNTMAP_readonly)) f |= Pte::kWrite;
    if (!(grant_flags & GNTMAP_application_map)) f |= Pte::kGuestKernel;
    f |= Pte::kUser;
    if (grant_flags & GNTMAP_application_map) f |= Pte::kGlobal;
    u32 available = (grant_flags >> _GNTMAP_guest_avail0) & 7;
    return f | u64{available} << 9;
}

// By its machine address: any page, so it is held.
Result<Slot> find_by_machine(Domain& d, u64 machine) {
    if (machine & (sizeof(Pte) - 1)) return Errno::inval;
    PageRef held = TRY(PageRef::get(frame_of(Paddr{machine}), d));
    Mfn table = held.mfn();
    return Slot{std::move(held), table, static_cast<unsigned>(page_offset(machine) / sizeof(Pte))};
}

// By the address it maps: a table that the vCPU's root leads to stays while the tables lock is held.
Result<Slot> find_by_address(u64 address) {
    L1Slot found = TRY(mm::find_l1(current(), address));
    return Slot{{}, found.table, found.index};
}

// The entry, in a live L1 table.
Result<Slot> find(Domain& d, u64 host, u32 flags) {
    Slot s = TRY(flags & GNTMAP_contains_pte ? find_by_machine(d, host) : find_by_address(host));
    const PageInfo& p = page_of(s.table);
    if (p.page_type() != PageType::l1 || !p.type_uses() || !mm::is_counted(p, s.index)) return Errno::inval;
    return s;
}

}  // namespace

s16 map_grant(u64 host, Mfn frame, u32 flags, u64 cache) {
    Domain& d = current_domain();
    Guard g{d.arch.tables_lock};
    auto slot = find(d, host, flags);
    if (!slot) return GNTST_general_error;
    MappedPage<Pte> map{slot.value().table};
    Pte* pte = &map[slot.value().index];
    Pte old = load_pte(pte);
    Pte value = Pte::make(frame, flags_of(flags, cache));
    if (!exchange_pte(pte, old, value)) return GNTST_general_error;
    mm::put_l1_target(old, d);
    return GNTST_okay;
}

s16 unmap_grant(u64 host, Mfn frame, u64 new_address, u32 flags) {
    Domain& d = current_domain();
    Guard g{d.arch.tables_lock};
    Maybe<L1Slot> source;
    if (new_address) {  // unmap_and_replace: the entry moves here and leaves there
        if (flags & GNTMAP_contains_pte) return GNTST_general_error;
        auto from = mm::find_l1(current(), new_address);
        if (!from || page_of(from.value().table).page_type() != PageType::l1) return GNTST_general_error;
        source = from.value();
    }
    auto slot = find(d, host, flags);
    if (!slot) return GNTST_general_error;
    MappedPage<Pte> map{slot.value().table};
    Pte* pte = &map[slot.value().index];
    Pte old = load_pte(pte);
    if (!old.present() || old.mfn() != frame || old.writable() == static_cast<bool>(flags & GNTMAP_readonly)) {
        log_guest("d%u: the entry at %#lx does not map the grant's frame %#lx", d.id.raw(), host, frame.raw());
        return GNTST_general_error;
    }
    if (!exchange_pte(pte, old, source ? source->value : Pte{})) return GNTST_general_error;
    if (source) store_pte(&MappedPage<Pte>{source->table}[source->index], Pte{});
    return GNTST_okay;
}

// The processor only drops lines together with writing them back.
Status maintain_cache(void* start, usize bytes, bool clean, bool) {
    if (!clean) return Errno::opnotsupp;
    flush_lines(start, bytes);
    return {};
}

}  // namespace xen::arch
