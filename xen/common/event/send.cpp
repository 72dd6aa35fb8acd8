// SPDX-License-Identifier: MIT
// EVTCHNOP_send and unmask: the hot paths. A port that is open is nobody's privilege to send on: what may be
// connected to what was checked when it was bound.
#include "common/event/port.hpp"

namespace xen::event {

namespace {

constexpr unsigned kMaxConsumers = 8;
std::atomic<Notify> consumers[kMaxConsumers];

}  // namespace

u8 consumer_of(Notify notify) {
    for (u8 i = 0; i < kMaxConsumers; ++i) {
        Notify there = nullptr;
        if (consumers[i].compare_exchange_strong(there, notify, std::memory_order_acq_rel) || there == notify)
            return static_cast<u8>(i + 1);
    }
    return 0;
}

Notify notify_of(u8 consumer) { return consumers[consumer - 1].load(std::memory_order_acquire); }

Status send(Domain& from, Port port) {
    Channel* c = from.events->find(port);
    if (!c) return Errno::inval;
    Notify notify;
    Vcpu* notified;
    Port there{};
    {
        Guard g{c->lock};
        if (c->consumer) return Errno::inval;
        if (c->state == State::unbound) return {};   // nobody listens yet: bind_interdomain makes up for it
        if (c->state == State::ipi) {
            set_pending(from, *c);
            return {};
        }
        if (c->state != State::interdomain) return Errno::inval;
        Domain& to = *c->peer.other.domain;
        Channel& other = *c->peer.other.channel;
        if (!other.consumer) [[likely]] {
            set_pending(to, other);
            return {};
        }
        notify = notify_of(other.consumer);
        notified = &notified_vcpu(to, other);
        there = other.port;
    }
    notify(*notified, there);                        // without our locks
    return {};
}

Status notify_via_xen_port(Domain& d, Port port) {
    Channel* c = d.events->find(port);
    if (!c) return Errno::inval;
    Guard g{c->lock};
    if (c->consumer && c->state == State::interdomain) set_pending(*c->peer.other.domain, *c->peer.other.channel);
    return {};
}

Status unmask(Domain& d, Port port) {
    Channel* c = d.events->find(port);
    if (!c) return Errno::inval;
    Guard g{c->lock};
    if (!c->usable()) return {};
    Vcpu& v = notified_vcpu(d, *c);
    if (d.events->uses_fifo()) fifo::unmask(d, *c, v);
    else two_level::unmask(port, v);
    return {};
}

}  // namespace xen::event
