// SPDX-License-Identifier: MIT
// Event channels: each operation is done in the core and in the model beside it.
#include <public/event_channel.h>
#include <public/vcpu.h>
#include <string.h>
#include <xen/event.hpp>
#include <xen/memory.hpp>

#include "common/event/fifo.hpp"
#include "grant_table.hpp"
#include "guest_calls.hpp"
#include "world.hpp"

namespace xen::census {

namespace {

constexpr u32 kMostOpen = 100;

u32 open_ports(const EventModel& m) {
    u32 n = 0;
    for (const PortModel& p : m.ports) n += p.state != PortState::closed;
    return n;
}

}  // namespace

// An open one, mostly.
u32 World::port(Turn& t) {
    if (t.c.one_in(12)) return t.c.of({0u, 1u, 63u, 64u, 5000u, 200000u, t.c.below(100)});
    u32 found = 0, n = 0;
    for (u32 p = 1; p < EventModel::kPorts; ++p)
        if (t.g.events.ports[p].state != PortState::closed && t.c.one_in(++n)) found = p;
    return found;
}

// One that nothing else writes: no call that has yielded, no grant, no mapping.
Mfn World::quiet_page(Turn& t) {
    Mfn f = plain_page(t);
    if (f == Mfn{0} || page_of(f).type_uses() || t.g.waiting[0] || t.g.waiting[1]) return Mfn{0};
    for (u32 ref = 0; ref < grant_entries(*t.g.d); ++ref) {
        grant::SharedEntry e = shared_entry(*t.g.d, ref);
        if (!e) break;
        u64 frame = e.v2 ? e.wide()->sub_page.frame : e.frame();
        if (frame == f.raw() && *e.header) return Mfn{0};
        if (ref == kRefs) break;
    }
    return f;
}

#define CENSUS_EVENT(type, cmd)                                                       \
    auto* op = t.args.make<type>();                                                   \
    auto go = [&] { return at_once(t, __HYPERVISOR_event_channel_op, cmd, at(op)); }

void World::alloc_unbound(Turn& t) {
    if (open_ports(t.g.events) >= kMostOpen) return;
    CENSUS_EVENT(evtchn_alloc_unbound, EVTCHNOP_alloc_unbound);
    op->dom = DOMID_SELF;
    op->remote_dom = t.c.one_in(6) ? t.g.d->id.raw() : domain_id(t);
    u32 remote = op->remote_dom == DOMID_SELF ? t.g.d->id.raw() : op->remote_dom;
    if (go()) return;
    t.g.events.open(op->port, PortState::unbound);
    t.g.events.ports[op->port].remote = remote;
}

void World::bind_interdomain(Turn& t) {
    if (open_ports(t.g.events) >= kMostOpen) return;
    Guest& from = t.c.one_in(8) ? t.g : other(t);
    if (from.d->is_dying()) return;
    CENSUS_EVENT(evtchn_bind_interdomain, EVTCHNOP_bind_interdomain);
    op->remote_dom = from.d->id.raw();
    op->remote_port = t.c.below(64);
    for (u32 p = 1; p < EventModel::kPorts; ++p) {
        const PortModel& m = from.events.ports[p];
        if (m.state == PortState::unbound && m.remote == t.g.d->id.raw() && t.c.one_in(2)) op->remote_port = p;
    }
    if (go()) return;
    t.g.events.connect(op->local_port, from.events, op->remote_port);
}

void World::bind_local(Turn& t) {
    if (open_ports(t.g.events) >= kMostOpen) return;
    u32 vcpu = t.c.one_in(8) ? 2 : t.c.below(2);
    if (t.c.one_in(3)) {
        CENSUS_EVENT(evtchn_bind_ipi, EVTCHNOP_bind_ipi);
        op->vcpu = vcpu;
        if (go() == 0) t.g.events.open(op->port, PortState::ipi, vcpu);
        return;
    }
    CENSUS_EVENT(evtchn_bind_virq, EVTCHNOP_bind_virq);
    u32 virq = t.c.of({u32{VIRQ_TIMER}, u32{VIRQ_DEBUG}, u32{VIRQ_DOM_EXC}, u32{VIRQ_ARCH_1}});
    op->virq = virq;
    op->vcpu = vcpu;
    if (go()) return;
    t.g.events.open(op->port, PortState::virq, vcpu);
    t.g.events.ports[op->port].virq = virq;
}

void World::bind_vcpu(Turn& t) {
    CENSUS_EVENT(evtchn_bind_vcpu, EVTCHNOP_bind_vcpu);
    op->port = port(t);
    op->vcpu = t.c.one_in(8) ? 7 : t.c.below(2);
    if (go() == 0) t.g.events.ports[op->port].vcpu = op->vcpu;
}

void World::close_port(Turn& t) {
    CENSUS_EVENT(evtchn_close, EVTCHNOP_close);
    op->port = port(t);
    if (go() == 0) t.g.events.close(op->port);
}

void World::send(Turn& t) {
    CENSUS_EVENT(evtchn_send, EVTCHNOP_send);
    op->port = port(t);
    if (go() == 0 && op->port < EventModel::kPorts) t.g.events.send(op->port);
}

void World::mask(Turn& t) {
    u32 p = port(t);
    if (p && p < EventModel::kPorts) t.g.events.mask(p);
}

void World::unmask(Turn& t) {
    CENSUS_EVENT(evtchn_unmask, EVTCHNOP_unmask);
    op->port = port(t);
    if (go() == 0 && op->port < EventModel::kPorts) t.g.events.unmask(op->port);
}

void World::handle(Turn& t) { t.g.events.handle(t.vcpu, 1 + t.c.below(6), wrong_); }

void World::fire_virq(Turn& t) {
    switch_to(t.v());
    u32 virq = t.c.of({u32{VIRQ_TIMER}, u32{VIRQ_DEBUG}, u32{VIRQ_ARCH_1}});
    bool global = virq == VIRQ_ARCH_1;
    if (global) event::send_global_virq(*t.g.d, virq);
    else event::send_vcpu_virq(t.v(), virq);
    if (u32 p = t.g.events.virq_port(virq, global ? ~0u : t.vcpu)) t.g.events.fire(p);
}

// The first control block makes the domain change over.
void World::to_fifo(Turn& t) {
    CENSUS_EVENT(evtchn_init_control, EVTCHNOP_init_control);
    Mfn f = quiet_page(t);
    if (f == Mfn{0}) return;
    memset(arch::direct_map(f), 0, kPageSize);
    op->control_gfn = f.raw();
    op->offset = t.c.one_in(8) ? 4090 : t.c.below(8) * 128;
    op->vcpu = t.c.one_in(8) ? 5 : t.c.below(2);
    u32 vcpu = op->vcpu, offset = op->offset;
    bool was = t.g.events.fifo;
    if (go()) return;
    if (!was) t.g.events.to_fifo();
    t.g.events.add_control(vcpu, reinterpret_cast<evtchn_fifo_control_block*>(static_cast<char*>(arch::direct_map(f)) + offset));
    t.g.kept.push_back(f);
}

void World::more_words(Turn& t) {
    if (t.g.events.words >= 3072) return;
    CENSUS_EVENT(evtchn_expand_array, EVTCHNOP_expand_array);
    Mfn f = quiet_page(t);
    if (f == Mfn{0}) return;
    memset(arch::direct_map(f), 0, kPageSize);
    op->array_gfn = f.raw();
    if (go()) return;
    t.g.kept.push_back(f);
    t.g.events.add_words(event::kWordsPerPage);
}

void World::set_priority(Turn& t) {
    CENSUS_EVENT(evtchn_set_priority, EVTCHNOP_set_priority);
    op->port = port(t);
    op->priority = t.c.one_in(8) ? 16 : t.c.of({0u, 3u, 7u, 15u});
    if (go() == 0) t.g.events.ports[op->port].priority = op->priority;
}

void World::port_status(Turn& t) {
    CENSUS_EVENT(evtchn_status, EVTCHNOP_status);
    op->dom = DOMID_SELF;
    op->port = port(t);
    if (go() || op->port >= EventModel::kPorts || !op->port) return;
    const PortModel& p = t.g.events.ports[op->port];
    u32 expected = EVTCHNSTAT_closed;
    switch (p.state) {
    case PortState::closed: break;
    case PortState::unbound: expected = EVTCHNSTAT_unbound; break;
    case PortState::interdomain: expected = EVTCHNSTAT_interdomain; break;
    case PortState::virq: expected = EVTCHNSTAT_virq; break;
    case PortState::ipi: expected = EVTCHNSTAT_ipi; break;
    }
    Domain* remote = p.state == PortState::unbound ? domain::peek(DomId{static_cast<u16>(p.remote)}) : nullptr;
    if (remote && remote->is_dying()) return;   // it parts in steps
    if (op->status != expected || op->vcpu != p.vcpu)
        wrong_.add("event-status", "d%u port %u is told to be %u on vCPU %u, it is %u on vCPU %u", t.g.d->id.raw(), op->port, op->status, op->vcpu,
                   expected, p.vcpu);
}

void World::reset_ports(Turn& t) {
    CENSUS_EVENT(evtchn_reset, EVTCHNOP_reset);
    op->dom = DOMID_SELF;
    if (go()) {
        wrong_.add("event-reset", "d%u cannot reset its ports", t.g.d->id.raw());
        return;
    }
    t.g.events.reset();
    std::vector<Mfn> left;
    for (u32 v = 0; v < 2; ++v)
        if (t.g.d->vcpus[v]->info_mfn) left.push_back(*t.g.d->vcpus[v]->info_mfn);
    t.g.kept = left;
}

void World::register_info(Turn& t) {
    auto* op = t.args.make<vcpu_register_vcpu_info>();
    Mfn f = quiet_page(t);
    if (f == Mfn{0}) return;
    op->mfn = f.raw();
    op->offset = t.c.below(16) * 64;
    if (at_once(t, __HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, t.vcpu, at(op))) return;
    t.g.kept.push_back(f);
    t.g.events.info_moved(t.vcpu);
}

void World::part_from(Guest& dying) {
    for (u32 p = 1; p < EventModel::kPorts; ++p) {
        PortModel& m = dying.events.ports[p];
        if (m.state == PortState::interdomain && m.peer != &dying.events) dying.events.close(p);
    }
}

#undef CENSUS_EVENT

}  // namespace xen::census
