// SPDX-License-Identifier: MIT
// Page-table entries for granted frames: written at a guest address or straight into a table entry that the guest
// names (GNTMAP_contains_pte). The grant code owns the frame's references; the entry here replaces none.
#include <asm/cpu.hpp>
#include <asm/mm.hpp>
#include <public/grant_table.h>
#include <xen/grant.hpp>
#include <xen/log.hpp>
#include <xen/log_dirty.hpp>

#include "arch/x86/mm/walk.hpp"

namespace xen::arch {
namespace {

using mm::Pte;

u64 flags_of(u32 grant_flags, u64 cache) {
    u64 f = Pte::kPresent | Pte::kAccessed | Pte::kDirty | Pte::kNoExecute | cache;
    if (!(grant_flags & GNTMAP_readonly)) f |= Pte::kWrite;
    if (!(grant_flags & GNTMAP_application_map)) f |= Pte::kGuestKernel;
    f |= Pte::kUser;
    if (grant_flags & GNTMAP_application_map) f |= Pte::kGlobal;
    u32 available = (grant_flags >> _GNTMAP_guest_avail0) & 7;
    return f | u64{available} << 9;
}

[[gnu::always_inline]] inline Pte* entry_at(Mfn table, unsigned index) { return &MappedPage<Pte>{table}[index]; }

// With the entry of a live L1 table that `host` names, while the tables lock is held: change(entry), which says GNTST_*.
// By its machine address: any page, so it is held.
template <class Change>
[[gnu::noinline]] s16 at_machine(Domain& d, u64 machine, Change change) {
    if (machine & (sizeof(Pte) - 1)) return GNTST_general_error;
    auto page = PageRef::get(frame_of(Paddr{machine}), d);
    unsigned index = static_cast<unsigned>(page_offset(machine) / sizeof(Pte));
    if (!page || !mm::is_live_l1(*page.value(), index)) return GNTST_general_error;
    return change(entry_at(page.value().mfn(), index));
}

// By the address it maps: a table that the vCPU's root leads to stays.
template <class Change>
[[gnu::always_inline]] inline s16 at_address(Vcpu& v, u64 address, Change change) {
    auto found = mm::find_l1(v, address);
    if (!found || !mm::is_live_l1(page_of(found.value().table), found.value().index)) [[unlikely]] return GNTST_general_error;
    return change(entry_at(found.value().table, found.value().index));
}

[[gnu::noinline, gnu::cold]] s16 other_entry(const Domain& d, u64 host, Mfn frame) {
    log_guest("d%u: the entry at %#lx does not map the grant's frame %#lx", d.id.raw(), host, frame.raw());
    return GNTST_general_error;
}

// The entry stops mapping the frame.
[[gnu::always_inline]] inline s16 leave(Pte* pte, Pte replacement, Vcpu& v, u64 host, Mfn frame, u32 flags) {
    Pte old = load_pte(pte);
    if (!old.present() || old.mfn() != frame || old.writable() == static_cast<bool>(flags & GNTMAP_readonly)) [[unlikely]]
        return other_entry(*v.domain, host, frame);
    return replace_pte(pte, old, replacement) ? s16{GNTST_okay} : s16{GNTST_general_error};
}

// unmap_and_replace: the entry of another address moves here and leaves there.
[[gnu::noinline]] s16 move_entry(Vcpu& v, u64 host, Mfn frame, u64 new_address, u32 flags) {
    if (flags & GNTMAP_contains_pte) return GNTST_general_error;
    Guard g{v.domain->arch.tables_lock};
    auto from = mm::find_l1(v, new_address);
    if (!from || page_of(from.value().table).page_type() != PageType::l1) return GNTST_general_error;
    Pte* source = entry_at(from.value().table, from.value().index);
    Pte moved = from.value().value;
    return at_address(v, host, [=, &v](Pte* pte) {
        s16 s = leave(pte, moved, v, host, frame, flags);
        if (s != GNTST_okay) return s;
        store_pte(source, Pte{});
        if (moved.writable() && mfn_valid(moved.mfn())) log_dirty::written(page_of(moved.mfn()));   // D may have come in between
        return s;
    });
}

}  // namespace

s16 map_grant(u64 host, Mfn frame, u32 flags, u64 cache) {
    Vcpu& v = current();
    auto install = [&v, value = Pte::make(frame, flags_of(flags, cache))](Pte* pte) {
        Pte old = load_pte(pte);
        if (!replace_pte(pte, old, value)) [[unlikely]] return s16{GNTST_general_error};
        if (old.present()) [[unlikely]] mm::put_l1_target(old, *v.domain);
        return s16{GNTST_okay};
    };
    Guard g{v.domain->arch.tables_lock};
    if (flags & GNTMAP_contains_pte) [[unlikely]] return at_machine(*v.domain, host, install);
    return at_address(v, host, install);
}

s16 unmap_grant(u64 host, Mfn frame, u64 new_address, u32 flags) {
    Vcpu& v = current();
    if (new_address) [[unlikely]] return move_entry(v, host, frame, new_address, flags);
    auto clear = [=, &v](Pte* pte) { return leave(pte, Pte{}, v, host, frame, flags); };
    Guard g{v.domain->arch.tables_lock};
    if (flags & GNTMAP_contains_pte) [[unlikely]] return at_machine(*v.domain, host, clear);
    return at_address(v, host, clear);
}

// The processor only drops lines together with writing them back.
Status maintain_cache(void* start, usize bytes, bool clean, bool) {
    if (!clean) return Errno::opnotsupp;
    flush_lines(start, bytes);
    return {};
}

}  // namespace xen::arch
