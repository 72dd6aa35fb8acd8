// SPDX-License-Identifier: MIT
// Page-table entries for granted frames: written at a guest address or straight into a table entry that the guest
// names (GNTMAP_contains_pte). The grant code owns the frame's references; the entry here replaces none.
#include <asm/cpu.hpp>
#include <asm/mm.hpp>
#include <public/grant_table.h>
#include <xen/grant.hpp>
#include <xen/log.hpp>

namespace xen::arch {
namespace {

using mm::L1Slot;
using mm::Pte;

struct Slot {
    PageRef table;
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

// The entry by its machine address (contains_pte) or by the address it maps; its page must be a live L1.
Result<Slot> find(u64 host, u32 flags) {
    Domain& d = current_domain();
    Mfn table;
    unsigned index = 0;
    if (flags & GNTMAP_contains_pte) {
        if (host & (sizeof(Pte) - 1)) return Errno::inval;
        table = frame_of(Paddr{host});
        if (!mfn_valid(table)) return Errno::inval;
        index = static_cast<unsigned>(page_offset(host) / sizeof(Pte));
    } else {
        auto found = mm::find_l1(current(), host);
        if (!found) return Errno::inval;
        table = found.value().table;
        index = found.value().index;
    }
    PageRef ref = TRY(PageRef::get(table, d));
    Slot s{std::move(ref), index};
    if (s.table->page_type() != PageType::l1 || !s.table->type_uses()) return Errno::inval;
    return s;
}

}  // namespace

s16 map_grant(u64 host, Mfn frame, u32 flags, u64 cache) {
    Domain& d = current_domain();
    Guard g{d.arch.tables_lock};
    auto slot = find(host, flags);
    if (!slot) return GNTST_general_error;
    MappedPage<Pte> map{slot.value().table.mfn()};
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
    auto slot = find(host, flags);
    if (!slot) return GNTST_general_error;
    MappedPage<Pte> map{slot.value().table.mfn()};
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
