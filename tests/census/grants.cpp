// SPDX-License-Identifier: MIT
// Grants in use against the mappings that use them: pins, the marks that the granter sees, free handles.
#include "count.hpp"
#include "grant_table.hpp"

namespace xen::census {
namespace {

using grant::Mapping;
using grant::Pins;
using ull = unsigned long long;

constexpr u64 kMarks = GTF_reading | GTF_writing;

struct Checker {
    Findings& wrong;
    // By granter, then by reference.
    std::vector<std::pair<Domain*, std::vector<u64>>> pins{};

    std::vector<u64>* of(const Domain& d) {
        for (auto& [who, list] : pins)
            if (who == &d) return &list;
        return nullptr;
    }
    void mapping(Domain& mapper, u32 handle, const Mapping& m) {
        Domain* granter = domain::peek(DomId{m.domid});
        std::vector<u64>* list = granter ? of(*granter) : nullptr;
        // The granter is gone, and maybe another has its id: an undone mapping's handle stays behind.
        if (!list || granter->grants->serial != m.serial) return;
        const grant::ActiveEntry* a = m.ref < list->size() ? active_entry(*granter, m.ref) : nullptr;
        if (!a) {
            wrong.add("maptrack", "d%u's handle %u is of d%u's grant %u, which is not in use", mapper.id.raw(), handle, m.domid, m.ref);
            return;
        }
        (*list)[m.ref] += Pins::unit_of(m.flags.load());
        if (a->domid != mapper.id || a->frame != m.frame)
            wrong.add("maptrack", "d%u's handle %u maps frame %u; d%u's grant %u is of frame %u for d%u", mapper.id.raw(), handle, m.frame, m.domid,
                      m.ref, a->frame, a->domid.raw());
    }
    // Every handle is a mapping's or free; the free ones are on the list, once.
    void handles(Domain& d) {
        const grant::MapTrack& track = d.grants->maptrack;
        for (u32 h = 0; h < track.limit(); ++h) {
            const Mapping& m = track.at(h);
            u32 flags = m.flags.load();
            if (flags & Mapping::kBusy) wrong.add("maptrack", "d%u's handle %u is left busy", d.id.raw(), h);
            if (flags & Mapping::kMapped) mapping(d, h, m);
        }
    }
    void marks(Domain& d, u32 ref, u64 expected) {
        grant::SharedEntry e = shared_entry(d, ref);
        u32 flags = grant::flags_of(e.load()), marks = shared_load(*e.status);
        // The marks' bits mean something else of an entry that waits for a page; a change of version keeps them.
        if (!expected && (flags & GTF_type_mask) == GTF_accept_transfer) return;
        u64 wanted = expected ? GTF_reading : 0;
        if (Pins{expected}.has_writers()) wanted |= GTF_writing;
        if ((marks & kMarks) != wanted)
            wrong.add(e.v2 ? "grant-status" : "grant-flags", "d%u's grant %u shows %#llx to its owner, its uses are %#llx", d.id.raw(), ref,
                      static_cast<ull>(marks & kMarks), static_cast<ull>(expected));
    }
    void table(Domain& d) {
        const std::vector<u64>& expected = *of(d);
        for (u32 ref = 0; ref < expected.size(); ++ref) {
            const grant::ActiveEntry* a = active_entry(d, ref);
            if (!a && !expected[ref]) {
                if (ref >= kMarkedRefs) ref |= grant::ActiveChunk::kEntries - 1;
                continue;
            }
            if (!a || a->pins.counts != expected[ref])
                wrong.add("grant-pins", "d%u's grant %u: %#llx counted, %#llx found", d.id.raw(), ref, static_cast<ull>(a ? a->pins.counts : 0),
                          static_cast<ull>(expected[ref]));
            marks(d, ref, expected[ref]);
        }
    }
    static constexpr u32 kMarkedRefs = 32;
};

}  // namespace

void check_grants(Findings& wrong) {
    Checker c{wrong};
    each_domain([&](Domain& d) {
        if (d.grants && d.dying.load() != Dying::dead) {
            bool any = static_cast<bool>(shared_entry(d, 0));
            c.pins.emplace_back(&d, std::vector<u64>(any ? grant_entries(d) : 0));
        }
    });
    each_domain([&](Domain& d) {
        if (d.grants) c.handles(d);
    });
    for (auto& [d, list] : c.pins) c.table(*d);
}

}  // namespace xen::census
