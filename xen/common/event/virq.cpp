// SPDX-License-Identifier: MIT
// Virtual interrupts: per vCPU, per domain, and those of the machine that one domain handles.
#include <xen/event.hpp>

#include "common/event/channel.hpp"
#include "common/event/port.hpp"

namespace xen::event {

namespace {

// Who handles a VIRQ of the machine; null: the hardware domain. Changed under the lock, each entry holds one
// reference; interrupt handlers read it, and a domain is not freed before they have passed (RCU).
Spinlock<LockRank::event_table> handler_lock;
std::atomic<Domain*> handlers[NR_VIRQS];

// The port may be closed at the same time: the channel itself says what it is.
void fire(Domain& d, Port port, u32 virq) {
    Channel& c = d.events->at(port);
    Guard g{c.lock};
    if (c.state == State::virq && c.peer.virq == virq) set_pending(d, c);
}

}  // namespace

bool virq_is_global(u32 virq) {
    switch (virq) {
    case VIRQ_TIMER:
    case VIRQ_DEBUG:
    case VIRQ_XENOPROF:
    case VIRQ_XENPMU:
        return false;
    default:
        return true;
    }
}

void send_vcpu_virq(Vcpu& v, u32 virq) {
    xen_assert(!virq_is_global(virq));
    u32 port = v.events->virq_ports[virq].load(std::memory_order_acquire);
    if (port) fire(*v.domain, Port{port}, virq);
}

void send_global_virq(Domain& d, u32 virq) {
    xen_assert(virq_is_global(virq));
    Vcpu* v = d.vcpu(VcpuId{0});
    if (!v || !v->events) return;
    u32 port = v->events->virq_ports[virq].load(std::memory_order_acquire);
    if (port) fire(d, Port{port}, virq);
}

void send_host_virq(u32 virq) {
    Domain* d = handlers[virq].load(std::memory_order_acquire);
    if (!d) d = domain::dom0;
    if (d) send_global_virq(*d, virq);
}

Status set_virq_handler(Domain& d, u32 virq) {
    if (virq >= NR_VIRQS || !virq_is_global(virq)) return Errno::inval;
    if (handlers[virq].load(std::memory_order_relaxed) == &d) return {};
    if (d.is_dying()) return Errno::inval;
    DomainRef fresh = domain::ref(d);
    Domain* old;
    {
        Guard g{handler_lock};
        old = handlers[virq].exchange(fresh.leak(), std::memory_order_acq_rel);
    }
    if (old) DomainRef::adopt(*old).reset();
    return {};
}

void forget_virq_handler(Domain& d) {
    for (auto& handler : handlers) {
        Domain* expected = &d;
        if (handler.load(std::memory_order_relaxed) != &d) continue;
        Guard g{handler_lock};
        if (handler.compare_exchange_strong(expected, nullptr, std::memory_order_acq_rel)) DomainRef::adopt(d).reset();
    }
}

Status bind_virq(evtchn_bind_virq& op) {
    Domain& d = current_domain();
    if (op.virq >= NR_VIRQS) return Errno::inval;
    if (virq_is_global(op.virq) && op.vcpu != 0) return Errno::inval;
    Vcpu* v = d.vcpu(VcpuId{op.vcpu});
    if (!v) return Errno::noent;

    DomainEvents& e = *d.events;
    Guard g{e.lock};
    auto& place = v->events->virq_ports[op.virq];
    if (place.load(std::memory_order_relaxed)) return Errno::exist;
    Channel& c = TRY(find_free(d, e));
    {
        Guard cg{c.lock};
        open_locked(e, c, State::virq);
        c.vcpu.store(static_cast<u16>(op.vcpu), std::memory_order_relaxed);
        c.peer.virq = op.virq;
    }
    op.port = c.port.raw();
    place.store(op.port, std::memory_order_release);
    return {};
}

}  // namespace xen::event
