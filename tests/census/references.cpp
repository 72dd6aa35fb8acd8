// SPDX-License-Identifier: MIT
// Who refers to which frame: the places that may hold a reference, one function each.
#include <asm/mm.hpp>
#include <xen/memory.hpp>

#include "common/event/fifo.hpp"
#include "common/grant/table.hpp"
#include "count.hpp"

namespace xen::census {

using arch::Pte;

unsigned counted_entries(const PageInfo& p) {
    u64 word = p.type.load();
    if (!is_table(type_of(word)) || !(word & PageInfo::kTypeCountMask)) return 0;
    return word & PageInfo::kValidated ? arch::kEntries : p.table.done;
}

bool is_xen_slot(unsigned level, unsigned i) { return level == 4 && i >= arch::kFirstXenSlot && i <= arch::kLastXenSlot; }

namespace {

struct Counter {
    Uses& uses;

    Found* at(Mfn f) { return f < max_frame ? &uses[f.raw()] : nullptr; }
    void writable(Mfn f) {
        Found& x = *at(f);
        ++x.references, ++x.writable;
    }
    void descriptors(Mfn f) {
        Found& x = *at(f);
        ++x.references, ++x.descriptors;
    }
    void table(Mfn f, unsigned level) {
        Found& x = *at(f);
        ++x.references, ++x.tables;
        x.levels = static_cast<u8>(x.levels | 1u << level);
    }

    // Device memory holds no reference.
    void leaf(Pte e) {
        if (!at(e.mfn()) || !page_of(e.mfn()).owner_index || page_of(e.mfn()).owner() == domain::dom_io) return;
        if (e.writable()) writable(e.mfn());
        else ++at(e.mfn())->references;
    }
    // An entry may map a table of its own level read-only; the table itself without a reference.
    void link(Pte e, unsigned level, Mfn table_frame) {
        if (e.mfn() == table_frame || !at(e.mfn())) return;
        bool linear = static_cast<unsigned>(page_of(e.mfn()).page_type()) == level;
        table(e.mfn(), linear ? level : level - 1);
    }
    void entries(const PageInfo& p) {
        unsigned n = counted_entries(p);
        if (!n) return;
        unsigned level = static_cast<unsigned>(p.page_type());
        MappedPage<Pte> table{p.mfn()};
        each_present(table.get(), n, [&](unsigned i, Pte e) {
            if (is_xen_slot(level, i)) return;
            if (level == 1) leaf(e);
            else link(e, level, p.mfn());
        });
    }
    // The allocation, a pin, work that was left half done.
    void states(const PageInfo& p) {
        Found& x = uses[p.mfn().raw()];
        u64 word = p.type.load(), count = p.count.load();
        if (count & PageInfo::kAllocated) ++x.references;
        if ((count & PageInfo::kXenHeap) && p.owner_index) ++x.writable;   // shared with the guest: never a table
        for (u64 state : {PageInfo::kPinned, PageInfo::kPartial})
            if (word & state) table(p.mfn(), static_cast<unsigned>(type_of(word)));
    }
    void vcpu(const Vcpu& v) {
        for (Maybe<Mfn> root : {v.arch.guest_table, v.arch.guest_table_user})
            if (root) table(*root, 4);
        for (Maybe<Mfn> f : v.arch.gdt_frames)
            if (f) descriptors(*f);
        for (unsigned i = 0; i < arch::kLdtPages; ++i) {
            const Pte* slot = mm::perdomain_slot(*v.domain, arch::ldt_address(v.id.raw()) + i * kPageSize);
            if (slot && slot->present()) descriptors(slot->mfn());
        }
        if (v.info_mfn) writable(*v.info_mfn);
        if (v.events && v.events->fifo)
            if (const void* control = v.events->fifo->control.load()) writable(arch::direct_map_mfn(control));
    }
    void events(const Domain& d) {
        const event::FifoDomain* f = d.events ? d.events->fifo.load() : nullptr;
        if (!f) return;
        for (const event_word_t* page : f->pages)
            if (page) writable(arch::direct_map_mfn(page));
    }
    // A host mapping's references are its page-table entry's; a device mapping has its own.
    void device_mappings(const Domain& d) {
        if (!d.grants) return;
        for (u32 h = 0; h < d.grants->maptrack.limit(); ++h) {
            const grant::Mapping& m = d.grants->maptrack.at(h);
            u32 flags = m.flags.load();
            if (!(flags & GNTMAP_device_map)) continue;
            if (flags & GNTMAP_readonly) ++at(Mfn{m.frame})->references;
            else writable(Mfn{m.frame});
        }
    }
};

}  // namespace

void count_references(Uses& uses) {
    uses.assign(max_frame.raw(), Found{});
    Counter c{uses};
    for (Mfn f{0}; f < max_frame; ++f) {
        const PageInfo& p = page_of(f);
        if (!p.references()) continue;
        c.states(p);
        c.entries(p);
    }
    each_domain([&](Domain& d) {
        d.for_each_vcpu([&](Vcpu& v) { c.vcpu(v); });
        c.events(d);
        c.device_mappings(d);
        if (d.pirq_eoi_map) c.writable(*d.pirq_eoi_map);
    });
}

std::string everything() {
    static Uses uses;
    Findings wrong;
    count_references(uses);
    check_pages(uses, wrong);
    check_memory(wrong);
    check_tables(wrong);
    check_grants(wrong);
    check_channels(wrong);
    return wrong.text();
}

}  // namespace xen::census
