// SPDX-License-Identifier: MIT
// Lines that guests handle. Edge and message interrupts only make their event channels pending; a level line stays
// masked until every domain that was told has said EOI.
#include <xen/event.hpp>
#include <xen/sched.hpp>

#include "arch/x86/irq/lines.hpp"

namespace xen::irq {
namespace {

GuestUse* use_of(Line& l, const Domain& d) {
    for (unsigned i = 0; i < l.guests; ++i)
        if (l.uses[i].domain == &d) return &l.uses[i];
    return nullptr;
}

void settle(Line& l, GuestUse& u) REQUIRES(l.lock) {
    if (!u.pending) return;
    u.pending = false;
    if (--l.waits_for_eoi == 0) set_mask(l, false);
}

Status start(Line& l, CpuId cpu) REQUIRES(l.lock) {
    TRY(place_on(l, cpu));
    route(l);
    if (l.is_message) l.message.enable(true);
    set_mask(l, false);
    return {};
}

void stop(Line& l) REQUIRES(l.lock) {
    set_mask(l, true);
    l.waits_for_eoi = 0;
    l.shareable = false;
}

}  // namespace

void deliver(Line& l) {
    GuestUse told[kMaxGuests];
    unsigned n = 0;
    {
        Guard g{l.lock};
        for (unsigned i = 0; i < l.guests; ++i) {
            GuestUse& u = l.uses[i];
            if (l.level && !u.pending) {
                u.pending = true;
                ++l.waits_for_eoi;
            }
            told[n++] = u;
        }
    }
    for (unsigned i = 0; i < n; ++i) event::send_pirq(*told[i].domain, told[i].pirq);
}

Status bind_guest(Vcpu& v, u32 pirq, bool shareable) {
    Domain& d = *v.domain;
    Guard t{table_lock};
    Line* l = line_of_pirq(d, pirq);
    if (!l) return Errno::inval;
    Guard g{l->lock};
    if (l->handler || l->number == kCascadeLine || use_of(*l, d)) return Errno::busy;
    if (l->guests && (!l->shareable || !shareable)) return Errno::busy;
    if (l->guests == kMaxGuests) return Errno::busy;
    if (!l->has_pin && !l->is_message) return Errno::inval;
    if (!l->guests) TRY(start(*l, sched::processor_of(v)));
    l->shareable = shareable;
    l->uses[l->guests++] = {&d, pirq, false};
    return {};
}

void unbind_guest(Domain& d, u32 pirq) {
    Line* l = line_of_pirq(d, pirq);
    if (!l) return;
    Guard g{l->lock};
    GuestUse* u = use_of(*l, d);
    if (!u) return;
    settle(*l, *u);
    *u = l->uses[--l->guests];
    if (!l->guests) stop(*l);
}

Status guest_eoi(Domain& d, u32 pirq) {
    Line* l = line_of_pirq(d, pirq);
    if (!l) return Errno::inval;
    if (!l->level) return {};
    Guard g{l->lock};
    if (GuestUse* u = use_of(*l, d)) settle(*l, *u);
    return {};
}

Result<bool> guest_needs_eoi(Domain& d, u32 pirq) {
    Line* l = line_of_pirq(d, pirq);
    if (!l) return Errno::inval;
    return l->level;
}

Result<bool> is_shared(Domain& d, u32 pirq) {
    Line* l = line_of_pirq(d, pirq);
    if (!l) return Errno::inval;
    Guard g{l->lock};
    return l->guests > 1 || l->shareable;
}

Status set_affinity_to(Domain& d, u32 pirq, CpuId cpu) {
    Line* l = line_of_pirq(d, pirq);
    if (!l) return Errno::inval;
    Guard g{l->lock};
    if (!use_of(*l, d) || !l->place.vector || l->place.cpu == cpu) return {};
    TRY(place_on(*l, cpu));
    route(*l);
    return {};
}

}  // namespace xen::irq
