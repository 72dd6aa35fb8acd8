// SPDX-License-Identifier: MIT
#include "events.hpp"

#include <xen/page.hpp>

#include "common/event/fifo.hpp"

namespace xen::census {
namespace {

constexpr u32 kWordBits = 64;
constexpr event_word_t kPending = 1u << EVTCHN_FIFO_PENDING, kMasked = 1u << EVTCHN_FIFO_MASKED, kLinked = 1u << EVTCHN_FIFO_LINKED,
                       kLink = EVTCHN_FIFO_LINK_MASK;

bool bit(const xen_ulong_t* words, u32 port) { return words[port / kWordBits] >> (port % kWordBits) & 1; }
void put_bit(xen_ulong_t* words, u32 port, bool on) {
    xen_ulong_t b = xen_ulong_t{1} << (port % kWordBits);
    if (on) words[port / kWordBits] |= b;
    else words[port / kWordBits] &= ~b;
}

}  // namespace

// The guest reads its own page: where it is stands in the core's table of pages, which the guest gave it.
event_word_t* EventModel::word(u32 port) const { return port < words ? event::fifo::word_of(*d->events, Port{port}) : nullptr; }

void EventModel::open(u32 port, PortState state, u32 vcpu) {
    PortModel& p = ports[port];
    p.state = state;
    p.vcpu = vcpu;
    p.priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
}

// It stays on its queue, and masked if it was; an event that waits goes with it.
void EventModel::close(u32 port) {
    PortModel& p = ports[port];
    if (p.state == PortState::interdomain && p.peer) {
        PortModel& other = p.peer->ports[p.peer_port];
        other.state = PortState::unbound;
        other.peer = nullptr;
        other.remote = d->id.raw();
    }
    PortModel closed;
    closed.masked = p.masked;
    closed.linked = p.linked;
    p = closed;
}

void EventModel::connect(u32 port, EventModel& to, u32 there) {
    open(port, PortState::interdomain);
    ports[port].peer = &to;
    ports[port].peer_port = there;
    PortModel& other = to.ports[there];
    other.state = PortState::interdomain;
    other.peer = this;
    other.peer_port = port;
    fire(port);   // ABI: what was sent before nobody listened
}

void EventModel::send(u32 port) {
    PortModel& p = ports[port];
    if (p.state == PortState::ipi) fire(port);
    if (p.state == PortState::interdomain && p.peer) p.peer->fire(p.peer_port);
}

void EventModel::select(u32 vcpu, u32 port) {
    VcpuModel& v = vcpus[vcpu];
    u64 b = u64{1} << (port / kWordBits);
    if (v.selector & b) return;
    v.selector |= b;
    v.upcall = true;
}

void EventModel::fire(u32 port) {
    if (fifo) return fire_fifo(port);
    PortModel& p = ports[port];
    if (p.pending) return;
    p.pending = true;
    if (!p.masked) select(p.vcpu, port);
}

void EventModel::fire_fifo(u32 port) {
    PortModel& p = ports[port];
    if (port >= words) {
        p.early = true;
        return;
    }
    if (p.pending && (p.linked || p.masked)) return;
    p.pending = true;
    if (vcpus[p.vcpu].control && !p.masked && !p.linked) enqueue(port);
}

void EventModel::enqueue(u32 port) {
    PortModel& p = ports[port];
    VcpuModel& v = vcpus[p.vcpu];
    p.linked = true;
    auto& queue = v.queues[p.priority];
    queue.push_back(port);
    if (queue.size() > 1 || (v.ready >> p.priority & 1)) return;
    v.ready |= 1u << p.priority;
    v.upcall = true;
}

void EventModel::unmask(u32 port) {
    PortModel& p = ports[port];
    if (p.state == PortState::closed || (fifo && port >= words)) return;
    bool was = std::exchange(p.masked, false);
    if (fifo) {
        if (p.pending) fire_fifo(port);
    } else if (was && p.pending) {
        select(p.vcpu, port);
    }
}

// What is pending is raised again once it has a word; the words begin empty.
void EventModel::to_fifo() {
    fifo = true;
    for (PortModel& p : ports) {
        if (p.pending) p.early = true;
        p.pending = p.masked = p.linked = false;
        p.priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
    }
}

void EventModel::add_words(u32 n) {
    u32 from = std::exchange(words, words + n);
    for (u32 port = from; port < words && port < kPorts; ++port)
        if (std::exchange(ports[port].early, false) && ports[port].state != PortState::closed) fire_fifo(port);
}

// The guest begins anew, with bitmaps and selectors empty.
void EventModel::reset() {
    for (u32 port = 1; port < kPorts; ++port) {
        if (ports[port].state != PortState::closed) close(port);
        ports[port] = {};
    }
    for (VcpuModel& v : vcpus) {
        v.control = nullptr;
        v.queues = {};
        v.ready = v.taken = 0;
        v.heads = {};
        v.selector = 0;
    }
    for (u32 v = 0; v < kVcpus; ++v) d->vcpus[v]->info->evtchn_pending_sel = 0;
    fifo = false;
    words = 0;
    for (auto& w : d->shared->evtchn_pending) w = 0;
    for (auto& w : d->shared->evtchn_mask) w = 0;
}

void EventModel::info_moved(u32 vcpu) {
    vcpus[vcpu].selector = ~u64{0};
    vcpus[vcpu].upcall = true;
}

u32 EventModel::virq_port(u32 virq, u32 vcpu) const {
    for (u32 port = 1; port < kPorts; ++port)
        if (ports[port].state == PortState::virq && ports[port].virq == virq && (vcpu == ~0u || ports[port].vcpu == vcpu)) return port;
    return 0;
}

void EventModel::mask(u32 port) {
    if (fifo && port >= words) return;
    ports[port].masked = true;
    if (fifo) *word(port) |= kMasked;
    else put_bit(d->shared->evtchn_mask, port, true);
}

void EventModel::handle(u32 vcpu, unsigned most, Findings& wrong) {
    VcpuModel& v = vcpus[vcpu];
    v.upcall = false;
    d->vcpus[vcpu]->info->evtchn_upcall_pending = 0;
    if (!fifo) return handle_words(vcpu);
    while (most-- && take_one(vcpu, wrong)) {
    }
}

void EventModel::handle_words(u32 vcpu) {
    u64 selector = std::exchange(d->vcpus[vcpu]->info->evtchn_pending_sel, 0);
    vcpus[vcpu].selector = 0;
    for (u32 port = 1; port < kPorts; ++port) {
        if (!(selector >> (port / kWordBits) & 1) || ports[port].masked || !bit(d->shared->evtchn_pending, port)) continue;
        put_bit(d->shared->evtchn_pending, port, false);
        ports[port].pending = false;
    }
}

// public/event_channel.h: of the queues that are ready the first; from its head, whose word says what follows.
bool EventModel::take_one(u32 vcpu, Findings& wrong) {
    VcpuModel& v = vcpus[vcpu];
    if (!v.control) return false;
    v.taken |= std::exchange(v.control->ready, 0);
    v.ready = 0;
    if (!v.taken) return false;
    unsigned q = static_cast<unsigned>(__builtin_ctz(v.taken));
    u32 port = v.heads[q] ? v.heads[q] : v.control->head[q];
    event_word_t* w = port < kPorts ? word(port) : nullptr;
    if (!w || v.queues[q].empty() || v.queues[q].front() != port) {
        wrong.add("event-order", "d%uv%u: queue %u gives port %u, it must give %u", d->id.raw(), vcpu, q, port, v.queues[q].empty() ? 0 : v.queues[q].front());
        return false;
    }
    v.queues[q].pop_front();
    u32 next = *w & kLink;
    *w &= ~(kLinked | kLink);
    ports[port].linked = false;
    v.heads[q] = next;
    if (!next) v.taken &= ~(1u << q);
    if (ports[port].pending && !ports[port].masked) {
        *w &= ~kPending;
        ports[port].pending = false;
    }
    return true;
}

void EventModel::check_words(Findings& wrong) {
    unsigned id = d->id.raw();
    for (u32 port = 1; port < kPorts; ++port) {
        const PortModel& p = ports[port];
        const event_word_t* w = fifo ? word(port) : nullptr;
        if (fifo && !w) return;
        bool pending = w ? *w & kPending : bit(d->shared->evtchn_pending, port);
        bool masked = w ? *w & kMasked : bit(d->shared->evtchn_mask, port);
        if (p.pending && !pending) wrong.add("event-lost", "d%u port %u: it was sent to, and is not pending", id, port);
        if (!p.pending && pending) wrong.add("event-misdelivered", "d%u port %u is pending, and nobody has sent to it", id, port);
        if (p.masked != masked) wrong.add("event-mask", "d%u port %u is %s", id, port, masked ? "masked" : "not masked");
        if (w && p.linked != static_cast<bool>(*w & kLinked))
            wrong.add("event-lost", "d%u port %u is %s", id, port, p.linked ? "on no queue" : "on a queue though it was taken off");
    }
}

void EventModel::check_queue(u32 vcpu, u32 priority, Findings& wrong) {
    const VcpuModel& v = vcpus[vcpu];
    const auto& queue = v.queues[priority];
    if (queue.empty()) return;
    unsigned id = d->id.raw();
    if (!((v.taken | v.control->ready) >> priority & 1)) wrong.add("event-lost", "d%uv%u: queue %u has events and is not ready", id, vcpu, priority);
    u32 port = v.heads[priority] ? v.heads[priority] : v.control->head[priority];
    for (u32 expected : queue) {
        if (port != expected) {
            wrong.add("event-order", "d%uv%u: queue %u goes on with port %u instead of %u", id, vcpu, priority, port, expected);
            return;
        }
        port = *word(port) & kLink;
    }
    if (port) wrong.add("event-misdelivered", "d%uv%u: queue %u goes on with port %u, which is not on it", id, vcpu, priority, port);
}

void EventModel::check_queues(Findings& wrong) {
    for (u32 v = 0; v < kVcpus; ++v) {
        if (!vcpus[v].control) continue;
        if (vcpus[v].control->ready != vcpus[v].ready)
            wrong.add("event-ready", "d%uv%u: queues ready %#x, must be %#x", d->id.raw(), v, vcpus[v].control->ready, vcpus[v].ready);
        for (u32 q = 0; q < EVTCHN_FIFO_MAX_QUEUES; ++q) check_queue(v, q, wrong);
    }
}

void EventModel::check(Findings& wrong) {
    unsigned id = d->id.raw();
    check_words(wrong);
    if (fifo) check_queues(wrong);
    u64 selected = 0;
    for (u32 v = 0; v < kVcpus; ++v) {
        const vcpu_info& info = *d->vcpus[v]->info;
        if (static_cast<bool>(info.evtchn_upcall_pending) != vcpus[v].upcall)
            wrong.add(vcpus[v].upcall ? "event-lost" : "event-misdelivered", "d%uv%u: its upcall is %s", id, v, vcpus[v].upcall ? "not due" : "due");
        if (!fifo && info.evtchn_pending_sel != vcpus[v].selector)
            wrong.add("event-selector", "d%uv%u: the selector is %#llx, must be %#llx", id, v, static_cast<unsigned long long>(info.evtchn_pending_sel),
                      static_cast<unsigned long long>(vcpus[v].selector));
        if (info.evtchn_upcall_pending) selected |= info.evtchn_pending_sel;
    }
    if (fifo) return;
    for (u32 port = 1; port < kPorts; ++port)
        if (ports[port].pending && !ports[port].masked && !(selected >> (port / kWordBits) & 1))
            wrong.add("event-lost", "d%u port %u is pending, and no vCPU will look at it", id, port);
}

}  // namespace xen::census
