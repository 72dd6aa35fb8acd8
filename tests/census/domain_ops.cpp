// SPDX-License-Identifier: MIT
// Domains come, crash and die: in steps, with everybody else at work in between.
#include <public/domctl.h>
#include <public/event_channel.h>
#include <xen/event.hpp>
#include <xen/sched.hpp>

#include "grant_table.hpp"
#include "preempt.hpp"
#include "world.hpp"

namespace xen::census {

void World::create_another(Turn& t) {
    if (!t.g.d->is_privileged) return;
    create(false);
}

void World::destroy_one(Turn& t) {
    if (!t.g.d->is_privileged) return;
    Guest& victim = other(t);
    if (&victim != &t.g) kill_step(victim);
}

// The record of another one's changed pages.
Call World::log_dirty(Turn& t) {
    auto* op = t.args.make<xen_domctl>();
    op->cmd = XEN_DOMCTL_shadow_op;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = domain_id(t);
    xen_domctl_shadow_op& x = op->u.shadow_op;
    x.op = t.c.of({XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, XEN_DOMCTL_SHADOW_OP_CLEAN, XEN_DOMCTL_SHADOW_OP_CLEAN,
                   XEN_DOMCTL_SHADOW_OP_CLEAN, XEN_DOMCTL_SHADOW_OP_PEEK, XEN_DOMCTL_SHADOW_OP_OFF});
    x.pages = t.c.of({0u, 20u, 64u, 512u});
    x.dirty_bitmap.p = t.c.one_in(4) ? nullptr : t.args.make<u8>(64);
    return {__HYPERVISOR_domctl, {reinterpret_cast<u64>(op)}};
}

// A guest does not grant for writing what it has the core write to. Where somebody still uses such a grant of a page
// that was another one then, the guest could not take it back: it ends, before its own words are overwritten.
void World::mind_grants(Guest& g) {
    for (u32 ref = 0; ref < kRefs; ++ref) {
        grant::SharedEntry e = shared_entry(*g.d, ref);
        if (!e) return;
        u64 frame = e.v2 && (*e.header & GTF_sub_page) ? e.wide()->sub_page.frame : e.frame();
        if ((*e.header & GTF_type_mask) == GTF_permit_access && g.keeps(Mfn{frame})) *e.header |= GTF_readonly;
        const grant::ActiveEntry* a = active_entry(*g.d, ref);
        if (!a || !a->pins.has_writers() || !g.keeps(Mfn{a->frame})) continue;
        for (unsigned place = 0; place < kGuests;) {
            if (guests_[place].get() == &g) kill_step(g);
            else ++place;
        }
        return;
    }
}

// The dying one's vCPUs leave their CPUs, as pausing them does it.
void World::kill_step(Guest& g) {
    if (!g.d->is_dying()) {
        unload(*g.d);
        part_from(g);
        g.waiting[0] = g.waiting[1] = false;
    }
    // A step is the control domain's hypercall, unless it is the one that dies.
    Guest* by = guests_[0].get();
    if (by && by != &g && by->may_run()) {
        switch_to(*by->d->vcpus[0]);
    } else {
        stand_on(0);
        if (!loaded_[0]) arch::set_current_vcpu(&sched::idle_vcpu(CpuId{0}));
    }
    unsigned asked = 0;
    preemption = [&asked] { return ++asked % 2 == 0; };
    bool was_dom0 = domain::dom0 == g.d;
    bool over = domain::kill(*g.d).ok();
    preemption = nullptr;
    if (!over) return;
    for (auto& place : guests_)
        if (place.get() == &g) place.reset();
    if (was_dom0) return;
    for (auto& o : guests_)
        if (o && o->d == domain::dom0 && !o->d->is_dying())
            if (u32 p = o->events.virq_port(VIRQ_DOM_EXC, ~0u)) o->events.fire(p);
}

// A guest that broke a rule where no error could be told is shut down, and the toolstack hears of it.
void World::notice_shutdowns() {
    for (auto& g : guests_) {
        if (!g || !g->d->is_shut_down || std::exchange(g->shut_down_seen, true)) continue;
        unload(*g->d);
        if (!domain::dom0) continue;
        for (auto& o : guests_)
            if (o && o->d == domain::dom0 && !o->d->is_dying())
                if (u32 p = o->events.virq_port(VIRQ_DOM_EXC, ~0u)) o->events.fire(p);
    }
}

}  // namespace xen::census
