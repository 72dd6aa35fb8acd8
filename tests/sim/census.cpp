// SPDX-License-Identifier: MIT
#include "census.hpp"

#include <asm/mm.hpp>
#include <xen/memory.hpp>

#include <map>
#include <sstream>

namespace xen::sim {
namespace {

using arch::Pte;

struct Expected {
    u64 references = 0;
    u64 uses = 0;
};
using Counts = std::map<u64, Expected>;

bool is_table(PageType t) { return t >= PageType::l1 && t <= PageType::l4; }

// Work that stopped in the middle of a table leaves it to its own state: the entry that led there holds nothing.
bool stopped_below(Pte e) { return page_of(e.mfn()).type.load() & PageInfo::kPartial; }

// Entries [0, done) of a live or partial table.
void count_entries(const PageInfo& p, Counts& counts) {
    u64 word = p.type.load();
    PageType type = static_cast<PageType>(word >> PageInfo::kTypeShift);
    if (!is_table(type) || !(word & PageInfo::kTypeCountMask)) return;
    unsigned level = static_cast<unsigned>(type);
    unsigned n = word & PageInfo::kValidated ? arch::kEntries : p.table.done;
    MappedPage<Pte> table{p.mfn()};
    for (unsigned i = 0; i < n; ++i) {
        if (level == 4 && i >= arch::kFirstXenSlot && i <= arch::kLastXenSlot) continue;
        Pte e = table[i];
        if (!e.present() || (level > 1 && (e.mfn() == p.mfn() || stopped_below(e)))) continue;
        Expected& x = counts[e.mfn().raw()];
        ++x.references;
        if (level > 1 || e.writable()) ++x.uses;
    }
}

void count_states(const PageInfo& p, Counts& counts) {
    Expected& x = counts[p.mfn().raw()];
    u64 word = p.type.load();
    if (p.count.load() & PageInfo::kAllocated) ++x.references;
    for (u64 state : {PageInfo::kPinned, PageInfo::kPartial})
        if (word & state) ++x.references, ++x.uses;
}

void count_vcpus(const Domain& d, Counts& counts) {
    for (u32 i = 0; i < d.max_vcpus; ++i) {
        if (!d.vcpus[i]) continue;
        for (Maybe<Mfn> root : {d.vcpus[i]->arch.guest_table, d.vcpus[i]->arch.guest_table_user})
            if (root) ++counts[root->raw()].references, ++counts[root->raw()].uses;
    }
}

template <class F>
void each_page(const Domain& d, F f) {
    for (u32 n = d.page_list; n; n = frame_table[n].next) f(frame_table[n]);
}

}  // namespace

std::string census(const Domain& d) {
    Counts counts;
    each_page(d, [&](const PageInfo& p) {
        count_entries(p, counts);
        count_states(p, counts);
    });
    count_vcpus(d, counts);
    std::ostringstream wrong;
    each_page(d, [&](const PageInfo& p) {
        const Expected& x = counts[p.mfn().raw()];
        if (p.references() == x.references && p.type_uses() == x.uses) return;
        wrong << "frame " << p.mfn().raw() << ": references " << p.references() << " expected " << x.references
              << ", type " << static_cast<int>(p.page_type()) << " uses " << p.type_uses() << " expected " << x.uses << "\n";
    });
    // No writable mapping of a table: both would be uses of one frame, and a frame has one type.
    return wrong.str();
}

}  // namespace xen::sim
