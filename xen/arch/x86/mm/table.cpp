// SPDX-License-Identifier: MIT
// Validating and devalidating whole tables of PV guests. p.table.done counts the entries that hold references;
// both directions work from there and may yield: between any two entries of the upper levels, of L1 tables now and then.
#include <asm/mm.hpp>
#include <xen/assert.hpp>
#include <xen/hypercall.hpp>

#include "arch/x86/mm/own_pages.hpp"

namespace xen::mm {
namespace {

using arch::kEntries;
using arch::kFirstXenSlot;
using arch::kLastXenSlot;

constexpr bool is_xen_slot(unsigned level, unsigned i) { return level == 4 && i >= kFirstXenSlot && i <= kLastXenSlot; }
constexpr unsigned level_of(PageType t) { return static_cast<unsigned>(t) - static_cast<unsigned>(PageType::l1) + 1; }

// L1 tables go by groups, of which empty ones cost little, and may yield between pieces. `done` is a multiple of kGroup.
constexpr unsigned kGroup = 8, kPiece = 64;
constexpr u64 kPieceBytes = kPiece * sizeof(Pte);

// Tables are aligned: the border of a piece behind an entry, and the one before.
Pte* next_piece(Pte* g) { return reinterpret_cast<Pte*>((reinterpret_cast<u64>(g) | (kPieceBytes - 1)) + 1); }
Pte* last_piece(Pte* g) { return reinterpret_cast<Pte*>((reinterpret_cast<u64>(g) - 1) & ~(kPieceBytes - 1)); }

Errno stopped(PageInfo& p, sptr at, Errno why) {
    p.table.done = static_cast<u16>(at);
    return why;
}

// The processor may set A and D in them meanwhile, nothing else changes.
[[gnu::always_inline]] inline bool is_empty(const Pte* g) {
    return !((g[0].raw | g[1].raw | g[2].raw | g[3].raw | g[4].raw | g[5].raw | g[6].raw | g[7].raw) & Pte::kPresent);
}

[[gnu::always_inline]] inline void give_entry(const Pte* slot, const OwnPages& own, Domain& owner) {
    Pte e = load_pte(slot);
    if (e.present() && !own.give(e)) [[unlikely]] put_l1_target(e, owner);
}

[[gnu::always_inline]] inline void give_group(const Pte* g, const OwnPages& own, Domain& owner) {
#pragma GCC unroll 8
    for (unsigned i = 0; i < kGroup; ++i) give_entry(&g[i], own, owner);
}

[[gnu::noinline, gnu::cold]] bool take_other(Pte* slot, Domain& owner, Status& why) {
    auto other = get_l1_target(load_pte(slot), owner, owner);
    if (!other) why = other.error();
    else store_pte(slot, adjusted(other.value(), 1));
    return other.ok();
}

[[gnu::always_inline]] inline bool take_entry(Pte* slot, const OwnPages& own, Domain& owner, Status& why) {
    Pte e = load_pte(slot);
    if (!e.present()) return true;
    if (!own.take(e)) [[unlikely]] return take_other(slot, owner, why);
    store_pte(slot, adjusted(e, 1));
    return true;
}

[[gnu::noinline, gnu::cold]] void give_first(const Pte* g, unsigned n, OwnPages own, Domain& owner) {
    while (n) give_entry(&g[--n], own, owner);
}

// All of the group or none.
[[gnu::always_inline]] inline Status take_group(Pte* g, const OwnPages& own, Domain& owner) {
    Status why;
#pragma GCC unroll 8
    for (unsigned n = 0; n < kGroup; ++n) {
        if (take_entry(&g[n], own, owner, why)) [[likely]] continue;
        give_first(g, n, own, owner);
        return why;
    }
    return {};
}

Status validate_l1(PageInfo& p, Domain& owner) {
    const OwnPages own{owner};
    MappedPage<Pte> table{p.mfn()};
    Pte* const end = table.get() + kEntries;
    for (Pte* g = &table[p.table.done]; g != end;) {
        for (Pte* stop = next_piece(g); g != stop; g += kGroup) {
            if (is_empty(g)) continue;
            Status s = take_group(g, own, owner);
            if (!s) [[unlikely]] return stopped(p, g - table.get(), s.error());
        }
        if (g != end && hypercall::preempt_due()) return stopped(p, g - table.get(), Errno::restart);
    }
    p.table.done = kEntries;
    return {};
}

Status devalidate_l1(PageInfo& p, Domain& owner) {
    const OwnPages own{owner};
    MappedPage<Pte> table{p.mfn()};
    for (Pte* g = &table[p.table.done]; g != table.get();) {
        for (Pte* stop = last_piece(g); g != stop;) {
            g -= kGroup;
            if (!is_empty(g)) give_group(g, own, owner);
        }
        if (g != table.get() && hypercall::preempt_due()) return stopped(p, g - table.get(), Errno::restart);
    }
    p.table.done = 0;
    return {};
}

// The owner's table below an entry, if it has stopped half-way. What it holds then is its own state's and no entry's, so an
// entry that it stopped in is not among `done`; whoever comes first goes on with it or abandons it. An entry that was not
// looked at yet may name anybody's frame.
PageInfo* partial_below(const PageInfo& p, Pte e, unsigned level) {
    if (!e.present() || e.mfn() >= max_frame) return nullptr;
    PageInfo& below = page_of(e.mfn());
    if (below.owner_index == 0 || below.owner_index != p.owner_index) return nullptr;
    u64 word = below.type.load(std::memory_order_acquire);
    bool partial = (word & PageInfo::kPartial) && level_of(static_cast<PageType>(word >> PageInfo::kTypeShift)) + 1 == level;
    return partial ? &below : nullptr;
}

Status validate_upper(PageInfo& p, unsigned level, Domain& owner) {
    MappedPage<Pte> table{p.mfn()};
    bool worked = false;  // each round does at least one entry
    for (unsigned i = p.table.done; i < kEntries; ++i) {
        p.table.done = static_cast<u16>(i);
        if (is_xen_slot(level, i)) continue;
        Pte e = load_pte(&table[i]);
        if (!e.present()) continue;
        if (std::exchange(worked, true) && hypercall::preempt_due()) return Errno::restart;
        TRY(get_table_target(e, level, p.mfn(), owner));
        store_pte(&table[i], adjusted(e, level));
    }
    p.table.done = kEntries;
    return {};
}

// An entry leaves `done` before what it holds is given back: a restart inside it leaves the rest to the table below, which
// the next round finds behind the entries that are left.
Status devalidate_upper(PageInfo& p, unsigned level) {
    MappedPage<Pte> table{p.mfn()};
    if (p.table.done < kEntries)
        if (PageInfo* half = partial_below(p, load_pte(&table[p.table.done]), level)) TRY(abandon_partial(*half));
    bool worked = false;
    while (p.table.done) {
        unsigned i = p.table.done - 1u;
        Pte e = load_pte(&table[i]);
        bool holds = !is_xen_slot(level, i) && e.present();
        if (holds && std::exchange(worked, true) && hypercall::preempt_due()) return Errno::restart;
        p.table.done = static_cast<u16>(i);
        if (holds) TRY(put_table_target(e, level, p.mfn()));
    }
    return {};
}

}  // namespace

Status validate_table(PageInfo& p, PageType type) {
    Domain* owner = p.owner();
    if (!owner) return Errno::inval;
    if (type == PageType::seg_desc) return validate_descriptors(p.mfn());
    unsigned level = level_of(type);
    if (level == 1) return validate_l1(p, *owner);
    if (level == 4) TRY(init_perdomain(*owner));
    TRY(validate_upper(p, level, *owner));
    if (level == 4) fill_xen_slots(MappedPage<Pte>{p.mfn()}.get(), *owner);
    return {};
}

Status devalidate_table(PageInfo& p, PageType type) {
    if (type == PageType::seg_desc) return {};
    unsigned level = level_of(type);
    if (level > 1) return devalidate_upper(p, level);
    Domain* owner = p.owner();
    bug_if(!owner);
    return devalidate_l1(p, *owner);
}

}  // namespace xen::mm
