// SPDX-License-Identifier: MIT
// Binding: ports between domains, to a vCPU of the own domain (IPI), to the hypervisor; moving a port to another
// vCPU; and what a port is (status).
#include <xen/irq.hpp>
#include <xen/sched.hpp>
#include <xen/security.hpp>

#include "common/event/channel.hpp"
#include "common/event/port.hpp"

namespace xen::event {

Status alloc_unbound(evtchn_alloc_unbound& op) {
    DomainRef d = TRY(domain::find_or_self(DomId{op.dom}));
    if (!d->events) return Errno::inval;
    DomainEvents& e = *d->events;
    Status permitted = security::may_open_port(*d, DomId{op.remote_dom});
    Guard g{e.lock};
    Channel& c = TRY(find_free(*d, e));
    TRY(permitted);
    Guard cg{c.lock};
    open_locked(e, c, State::unbound);
    c.peer.remote = DomId{op.remote_dom} == kDomSelf ? current_domain().id : DomId{op.remote_dom};
    op.port = c.port.raw();
    return {};
}

Result<Port> alloc_unbound_for_xen(Domain& d, VcpuId v, DomId remote, Notify notify) {
    DomainEvents& e = *d.events;
    u8 consumer = consumer_of(notify);
    bug_if(!consumer);
    Status permitted = security::may_open_port(d, remote);
    Guard g{e.lock};
    Channel& c = TRY(find_free(d, e));
    TRY(permitted);
    Guard cg{c.lock};
    c.consumer = consumer;
    open_locked(e, c, State::unbound);
    c.vcpu.store(static_cast<u16>(v.raw()), std::memory_order_relaxed);
    c.peer.remote = remote;
    return c.port;
}

// Both ends point at each other; the caller holds both tables.
static void connect(Domain& ld, Channel& local, Domain& rd, Channel& remote) REQUIRES(ld.events->lock) {
    PairGuard g{local.lock, remote.lock};
    open_locked(*ld.events, local, State::interdomain);
    local.peer.other = {&rd, &remote};
    remote.state = State::interdomain;
    remote.peer.other = {&ld, &local};
    // ABI: sends to the unbound port were dropped, so the new end starts pending.
    set_pending(ld, local);
}

Status bind_interdomain(evtchn_bind_interdomain& op) {
    Domain& ld = current_domain();
    DomId id = DomId{op.remote_dom} == kDomSelf ? ld.id : DomId{op.remote_dom};
    DomainRef rd = TRY(domain::find(id));
    if (!rd->events) return Errno::inval;
    PairGuard g{ld.events->lock, rd->events->lock};
    Channel& local = TRY(find_free(ld, *ld.events));
    Channel* remote = rd->events->find(Port{op.remote_port});
    if (!remote || remote->state != State::unbound || remote->peer.remote != ld.id) return Errno::inval;
    TRY(security::may(security::Op::evtchn_interdomain, *rd));
    connect(ld, local, *rd, *remote);
    op.local_port = local.port.raw();
    return {};
}

Status bind_ipi(evtchn_bind_ipi& op) {
    Domain& d = current_domain();
    if (!d.vcpu(VcpuId{op.vcpu})) return Errno::noent;
    DomainEvents& e = *d.events;
    Guard g{e.lock};
    Channel& c = TRY(find_free(d, e));
    Guard cg{c.lock};
    open_locked(e, c, State::ipi);
    c.vcpu.store(static_cast<u16>(op.vcpu), std::memory_order_relaxed);
    op.port = c.port.raw();
    return {};
}

static Status move_pirq(Domain& d, Channel& c, Vcpu& to) {
    Vcpu& from = notified_vcpu(d, c);
    if (c.peer.pirq.settling) return Errno::inval;
    if (&from == &to) return {};
    from.events->pirqs.fetch_sub(1, std::memory_order_relaxed);
    to.events->pirqs.fetch_add(1, std::memory_order_relaxed);
    c.vcpu.store(static_cast<u16>(to.id.raw()), std::memory_order_relaxed);
    return {};
}

Status bind_vcpu(const evtchn_bind_vcpu& op) {
    Domain& d = current_domain();
    Vcpu* v = d.vcpu(VcpuId{op.vcpu});
    if (!v) return Errno::noent;
    Channel* c = d.events->find(Port{op.port});
    if (!c) return Errno::inval;
    u32 pirq;
    {
        Guard g{d.events->lock};
        if (c->consumer) return Errno::inval;
        switch (c->state) {
        case State::virq:
            if (!virq_is_global(c->peer.virq)) return Errno::inval;
            [[fallthrough]];
        case State::unbound:
        case State::interdomain:
            c->vcpu.store(static_cast<u16>(op.vcpu), std::memory_order_relaxed);
            return {};
        case State::pirq:
            TRY(move_pirq(d, *c, *v));
            pirq = c->peer.pirq.number;
            break;
        default:
            return Errno::inval;
        }
    }
    // Where the interrupt arrives is only a matter of speed: a failure is no error for the guest.
    static_cast<void>(irq::set_affinity_to(d, pirq, sched::processor_of(*v)));
    return {};
}

Status status(evtchn_status& op) {
    DomainRef d = TRY(domain::find_or_self(DomId{op.dom}));
    Channel* c = d->events ? d->events->find(Port{op.port}) : nullptr;
    if (!c) return Errno::inval;
    Guard g{d->events->lock};
    TRY(security::may(security::Op::evtchn_status, *d));
    switch (c->state) {
    case State::free:
        op.status = EVTCHNSTAT_closed;
        break;
    case State::unbound:
        op.status = EVTCHNSTAT_unbound;
        op.u.unbound.dom = c->peer.remote.raw();
        break;
    case State::interdomain:
        op.status = EVTCHNSTAT_interdomain;
        op.u.interdomain.dom = c->peer.other.domain->id.raw();
        op.u.interdomain.port = c->peer.other.channel->port.raw();
        break;
    case State::pirq:
        op.status = EVTCHNSTAT_pirq;
        op.u.pirq = c->peer.pirq.number;
        break;
    case State::virq:
        op.status = EVTCHNSTAT_virq;
        op.u.virq = c->peer.virq;
        break;
    case State::ipi:
        op.status = EVTCHNSTAT_ipi;
        break;
    }
    op.vcpu = c->vcpu.load(std::memory_order_relaxed);
    return {};
}

}  // namespace xen::event
