// SPDX-License-Identifier: MIT
// Validating and devalidating whole tables of PV guests. p.table.done counts the entries that hold references;
// both directions work from there and yield between entries of the upper levels.
#include <asm/mm.hpp>
#include <xen/assert.hpp>
#include <xen/hypercall.hpp>

namespace xen::mm {
namespace {

using arch::kEntries;
using arch::kFirstXenSlot;
using arch::kLastXenSlot;

constexpr bool is_xen_slot(unsigned level, unsigned i) { return level == 4 && i >= kFirstXenSlot && i <= kLastXenSlot; }
constexpr unsigned level_of(PageType t) { return static_cast<unsigned>(t) - static_cast<unsigned>(PageType::l1) + 1; }

Status take_l1_entry(Pte* slot, Domain& owner) {
    Pte e = load_pte(slot);
    if (!e.present()) return {};
    store_pte(slot, adjusted(TRY(get_l1_target(e, owner, owner)), 1));
    return {};
}

Status validate_l1(PageInfo& p, Domain& owner) {
    MappedPage<Pte> table{p.mfn()};
    for (unsigned i = 0; i < kEntries; ++i) {
        p.table.done = static_cast<u16>(i);
        TRY(take_l1_entry(&table[i], owner));
    }
    p.table.done = kEntries;
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

void devalidate_l1(PageInfo& p, Domain& owner) {
    MappedPage<Pte> table{p.mfn()};
    for (unsigned i = p.table.done; i-- > 0;) put_l1_target(load_pte(&table[i]), owner);
    p.table.done = 0;
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
    devalidate_l1(p, *owner);
    return {};
}

}  // namespace xen::mm
