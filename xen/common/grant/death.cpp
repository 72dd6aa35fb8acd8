// SPDX-License-Identifier: MIT
// What a dying domain has mapped of others is given back, and its hold on its own table ends.
#include <xen/hypercall.hpp>

#include "common/grant/table.hpp"

namespace xen::grant {

namespace {

// The page-table entry of a host mapping holds its page references; they go when the tables are taken down
// (arch/<a>/mm). Here goes the use of the granter's entry, and what a device mapping holds.
void release(const Mapping& m, u32 flags) {
    Domain* granter = find_granter(m);
    if (!granter) return;
    Table& t = *granter->grants;
    bool wrote = !(flags & GNTMAP_readonly);
    ReadGuard g{t.lock};
    ActiveEntry* a = t.active_if_any(m.ref);
    if (!a) return;
    Guard ag{a->lock};
    if (flags & GNTMAP_device_map) {
        PageInfo& page = page_of(Mfn{m.frame});
        wrote ? put_page_and_type(page) : put_page(page);
    }
    a->pins.counts -= Pins::unit_of(flags);
    mark_unused(t.shared(m.ref), a->pins, wrote);
}

}  // namespace

Status kill_step(Domain& d) {
    Table* t = d.grants;
    if (!t) return {};
    for (u32 handle = t->maptrack.limit(); handle;) {
        --handle;
        Mapping& m = t->maptrack.at(handle);
        u32 flags = m.flags.exchange(0, std::memory_order_acq_rel);
        if (flags & Mapping::kMapped) release(m, flags);
        if (handle % MapTrack::kPerPage) continue;
        t->maptrack.shrink(handle);
        if (handle && hypercall::preempt_due()) return Errno::restart;
    }
    WriteGuard g{t->lock};
    t->unshare();
    return {};
}

}  // namespace xen::grant
