// SPDX-License-Identifier: MIT
// Operands, from what there is at the moment: mostly good ones.
#include <asm/mm.hpp>
#include <xen/memory.hpp>

#include "guest_calls.hpp"
#include "world.hpp"

namespace xen::census {

using arch::Pte;

namespace {
constexpr unsigned kMostPages = 48;
constexpr u32 kWild = 24;   // one choice in so many
}  // namespace

std::vector<Mfn> World::pages_of(const Guest& g) const {
    std::vector<Mfn> list;
    for (u32 f = g.d->page_list; f && list.size() < kMostPages; f = frame_table[f].next) list.push_back(Mfn{f});
    return list;
}

Mfn World::page(Turn& t) {
    if (t.c.one_in(kWild)) {
        switch (t.c.below(5)) {
        case 0: return Mfn{t.c.below(static_cast<u32>(max_frame.raw()))};
        case 1: return max_frame + t.c.below(3);
        case 2: return arch::direct_map_mfn(t.g.d);                 // the hypervisor's
        case 3: return *t.g.d->arch.shared_info_mfn;                // shared with the guest
        default: break;
        }
        auto theirs = pages_of(other(t));
        if (!theirs.empty()) return theirs[t.c.below(static_cast<u32>(theirs.size()))];
    }
    auto list = pages_of(t.g);
    return list.empty() ? Mfn{0} : list[t.c.below(static_cast<u32>(list.size()))];
}

// Frame 0 when nothing was found: every call refuses it.
Mfn World::plain_page(Turn& t) {
    for (unsigned attempt = 0; attempt < 8; ++attempt) {
        Mfn f = page(t);
        if (!mfn_valid(f) || page_of(f).owner() != t.g.d || !page_of(f).references() || page_of(f).is_xen_heap() || t.g.keeps(f)) continue;
        PageType type = page_of(f).page_type();
        if (!page_of(f).type_uses() || type == PageType::writable) return f;
    }
    return Mfn{0};
}

Mfn World::table(Turn& t) {
    if (!t.c.one_in(8))
        for (unsigned attempt = 0; attempt < 8; ++attempt) {
            Mfn f = page(t);
            if (mfn_valid(f) && page_of(f).type_uses() && is_table(page_of(f).page_type())) return f;
        }
    return page(t);
}

unsigned World::slot(Turn& t) {
    if (t.c.one_in(kWild)) return t.c.of({255u, 256u, 260u, 261u, 271u, 272u, 511u});
    return t.c.below(4);
}

u64 World::flags(Turn& t) {
    if (t.c.one_in(kWild)) return t.c.word() & 0xfff0000000000fffu;
    return t.c.of({kReadWrite, kReadWrite, kReadWrite, kReadOnly, kReadOnly, u64{Pte::kPresent}, u64{0}, kReadWrite | Pte::kNoExecute});
}

u64 World::address(Turn& t) {
    u64 a = 0;
    for (unsigned level = 4; level >= 1; --level) a |= u64{level == 1 ? slot(t) : t.c.below(level == 2 ? 3 : 2)} << (12 + 9 * (level - 1));
    return a;
}

u64 World::entry(Turn& t) {
    Mfn f = t.c.one_in(3) ? table(t) : page(t);
    return Pte::make(f, flags(t)).raw;
}

Guest& World::other(Turn& t) {
    for (unsigned i = 0, n = t.c.below(kGuests); i < kGuests; ++i, n = (n + 1) % kGuests)
        if (guests_[n] && guests_[n].get() != &t.g) return *guests_[n];
    return t.g;
}

u16 World::domain_id(Turn& t) {
    if (t.c.one_in(kWild)) return t.c.of({u16{DOMID_IO}, u16{DOMID_XEN}, u16{DOMID_SELF}, u16{99}, u16{DOMID_INVALID}});
    return other(t).d->id.raw();
}

namespace {

struct Search {
    Mfn table;
    unsigned index;
};

std::optional<u64> below(const Search& s, Mfn table, unsigned level, u64 base) {
    if (level == 1) return table == s.table ? std::optional{base | u64{s.index} << 12} : std::nullopt;
    MappedPage<Pte> entries{table};
    for (unsigned i = 0; i < 4; ++i) {
        Pte e = entries[i];
        if (!e.present() || static_cast<unsigned>(page_of(e.mfn()).page_type()) != level - 1) continue;
        if (auto found = below(s, e.mfn(), level - 1, base | u64{i} << (12 + 9 * (level - 1)))) return found;
    }
    return std::nullopt;
}

}  // namespace

std::optional<u64> World::address_of_entry(Turn& t, Mfn table, unsigned index) const {
    Maybe<Mfn> root = t.v().arch.guest_table;
    if (!root) return std::nullopt;
    return below({table, index}, *root, 4, 0);
}

}  // namespace xen::census
