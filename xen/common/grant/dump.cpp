// SPDX-License-Identifier: MIT
// Debug key g: the grants in use of every domain.
#include <xen/console.hpp>
#include <xen/log.hpp>

#include "common/grant/table.hpp"

namespace xen::grant {

namespace {

constexpr unsigned kMostLines = 512;   // of one domain; the rest is counted

// `used` counts the entries that somebody uses.
void dump_entry(u32 ref, const SharedEntry& e, ActiveEntry& a, unsigned& used) {
    Guard g{a.lock};
    if (!a.pins || used++ >= kMostLines) return;
    u32 header = e.load();
    log_line("  ref %#5x: used by d%u, frame %#x, pins %#lx%s; shared: d%u frame %#lx flags %#x status %#x", ref,
             a.domid.raw(), a.frame, a.pins.counts, a.sub_page ? ", part" : "", domid_of(header).raw(), e.frame(),
             flags_of(header), shared_load(*e.status));
}

void dump_domain(const Domain& d) {
    if (!d.grants) return;
    Table& t = *d.grants;
    ReadGuard g{t.lock};
    log_line("d%u grant table v%u: %u frames of %u, %u maptrack pages of %u", d.id.raw(), t.version(), t.frames(),
             t.max_frames, t.maptrack.pages(), t.maptrack.max_pages());
    unsigned used = 0;
    for (u32 ref = 0; ref < t.entries(); ++ref) {
        ActiveEntry* a = t.active_if_any(ref);
        if (a) dump_entry(ref, t.shared(ref), *a, used);
        else ref |= ActiveChunk::kEntries - 1;
    }
    if (used > kMostLines) log_line("  ... and %u more", used - kMostLines);
}

void dump_all(char) {
    for (Domain* d = domain::first(); d; d = domain::next(*d)) dump_domain(*d);
}

}  // namespace

void init() {
    console::register_key('g', dump_all, "dump grants in use");
    init_limits();
}

}  // namespace xen::grant
