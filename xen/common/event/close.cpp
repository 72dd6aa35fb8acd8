// SPDX-License-Identifier: MIT
// Closing ports: one, or all of a domain (EVTCHNOP_reset).
#include <xen/hypercall.hpp>
#include <xen/irq.hpp>

#include "common/event/channel.hpp"
#include "common/event/port.hpp"

namespace xen::event {

namespace {

void release(Domain& d, DomainEvents& e, Channel& c) REQUIRES(e.lock) {
    Guard cg{c.lock};
    free_locked(d, e, c);
}

void release_virq(Domain& d, DomainEvents& e, Channel& c) REQUIRES(e.lock) {
    d.for_each_vcpu([&](Vcpu& v) {
        auto& place = v.events->virq_ports[c.peer.virq];
        if (place.load(std::memory_order_relaxed) == c.port.raw()) place.store(0, std::memory_order_relaxed);
    });
    release(d, e, c);
}

// The other end waits for a new connection. Both tables are held.
void disconnect(Domain& d, DomainEvents& e, Channel& c) REQUIRES(e.lock) {
    Channel& other = *c.peer.other.channel;
    PairGuard g{c.lock, other.lock};
    free_locked(d, e, c);
    other.state = State::unbound;
    other.peer.remote = d.id;
}

// The interrupt layer has locks above ours, so it is asked without them; `settling` keeps the port for us.
void close_pirq(Domain& d, Channel& c, u32 pirq) {
    irq::unbind_guest(d, pirq);
    DomainEvents& e = *d.events;
    Guard g{e.lock};
    e.pirqs.load(std::memory_order_relaxed)
        ->blocks[pirq / PirqPorts::kPerBlock]
        .load(std::memory_order_relaxed)
        ->ports[pirq % PirqPorts::kPerBlock]
        .store(0, std::memory_order_release);
    notified_vcpu(d, c).events->pirqs.fetch_sub(1, std::memory_order_relaxed);
    release(d, e, c);
}

// Between two domains both tables are locked, in their order: the peer is looked up first and checked again.
Status close_pair(Domain& d, Channel& c, Domain& other) {
    DomainEvents& e = *d.events;
    PairGuard g{e.lock, other.events->lock};
    if (c.state != State::interdomain || c.peer.other.domain != &other) return Errno::inval;
    disconnect(d, e, c);
    return {};
}

}  // namespace

Status close(Domain& d, Port port, bool by_guest) {
    DomainEvents& e = *d.events;
    Channel* c = e.find(port);
    if (!c) return Errno::inval;
    DomainRef other;
    u32 pirq = 0;
    {
        Guard g{e.lock};
        if (c->consumer && by_guest) return Errno::inval;
        switch (c->state) {
        case State::free:
            return Errno::inval;
        case State::unbound:
        case State::ipi:
            release(d, e, *c);
            return {};
        case State::virq:
            release_virq(d, e, *c);
            return {};
        case State::interdomain:
            if (c->peer.other.domain == &d) {
                disconnect(d, e, *c);
                return {};
            }
            other = domain::ref(*c->peer.other.domain);
            break;
        case State::pirq:
            if (c->peer.pirq.settling) return Errno::inval;
            c->peer.pirq.settling = true;
            pirq = c->peer.pirq.number;
            break;
        }
    }
    if (other) return close_pair(d, *c, *other);
    close_pirq(d, *c, pirq);
    return {};
}

void free_xen_port(Domain& d, Port port) { static_cast<void>(close(d, port, false)); }

static bool has_guest_ports(DomainEvents& e) {
    Guard g{e.lock};
    return e.active > e.active_xen;
}

// ABI: a domain resets itself, or is reset while a controller has it paused. Where it yields, EVTCHNOP_reset_cont
// goes on; a second reset meanwhile is told EBUSY.
Status reset(Domain& d, bool resuming) {
    DomainEvents& e = *d.events;
    if (&d != &current_domain()) {
        Guard g{d.lock};
        if (!d.controller_pauses) return Errno::inval;
    }
    u32 next;
    {
        Guard g{e.lock};
        if (!resuming && e.reset_next) return Errno::busy;
        if (!resuming) e.reset_next = 1;
        next = e.reset_next;
        if (!next) return Errno::busy;
    }
    for (; e.is_valid(Port{next}) && has_guest_ports(e); ++next) {
        static_cast<void>(close(d, Port{next}, true));
        if (next % kPortsPerStep == 0 && hypercall::preempt_due()) {
            Guard g{e.lock};
            e.reset_next = next + 1;
            return Errno::restart;
        }
    }
    Guard g{d.events->lock};
    d.events->reset_next = 0;
    if (d.events->active > d.events->active_xen) return Errno::again;
    fifo::destroy(d);
    return {};
}

}  // namespace xen::event
