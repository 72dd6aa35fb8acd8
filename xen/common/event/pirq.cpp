// SPDX-License-Identifier: MIT
// Ports of physical interrupts. The interrupt layer owns lines and vectors; here is only which port a pirq of
// the domain has. Its locks rank above ours: it is called without them, a `settling` channel standing for us.
#include <xen/irq.hpp>
#include <xen/sched.hpp>

#include "common/event/channel.hpp"
#include "common/event/port.hpp"

namespace xen::event {

namespace {

Result<std::atomic<u32>&> place_for(DomainEvents& e, u32 pirq) REQUIRES(e.lock) {
    PirqPorts* map = e.pirqs.load(std::memory_order_relaxed);
    if (!map) {
        Box<PirqPorts> fresh = TRY(Box<PirqPorts>::create());
        map = fresh.leak();
        e.pirqs.store(map, std::memory_order_release);
    }
    auto& block = map->blocks[pirq / PirqPorts::kPerBlock];
    if (!block.load(std::memory_order_relaxed)) {
        Box<PirqPorts::Block> fresh = TRY(Box<PirqPorts::Block>::create());
        block.store(fresh.leak(), std::memory_order_release);
    }
    return block.load(std::memory_order_relaxed)->ports[pirq % PirqPorts::kPerBlock];
}

// The channel is there before the line is enabled: its first interrupt must not be lost.
Result<Channel&> prepare(Domain& d, u32 pirq) {
    DomainEvents& e = *d.events;
    Guard g{e.lock};
    if (pirq_port(d, pirq)) return Errno::exist;
    Channel& c = TRY(find_free(d, e));
    std::atomic<u32>& place = TRY(place_for(e, pirq));
    Guard cg{c.lock};
    open_locked(e, c, State::pirq);
    c.peer.pirq = {pirq, true};
    d.vcpus[0]->events->pirqs.fetch_add(1, std::memory_order_relaxed);
    place.store(c.port.raw(), std::memory_order_release);
    return c;
}

void undo(Domain& d, Channel& c, u32 pirq) {
    DomainEvents& e = *d.events;
    Guard g{e.lock};
    Guard cg{c.lock};
    e.pirqs.load(std::memory_order_relaxed)
        ->blocks[pirq / PirqPorts::kPerBlock]
        .load(std::memory_order_relaxed)
        ->ports[pirq % PirqPorts::kPerBlock]
        .store(0, std::memory_order_release);
    d.vcpus[0]->events->pirqs.fetch_sub(1, std::memory_order_relaxed);
    free_locked(d, e, c);
}

}  // namespace

u32 pirq_port(const Domain& d, u32 pirq) {
    const PirqPorts* map = d.events->pirqs.load(std::memory_order_acquire);
    if (!map || pirq >= PirqPorts::kMax) return 0;
    const auto* block = map->blocks[pirq / PirqPorts::kPerBlock].load(std::memory_order_acquire);
    return block ? block->ports[pirq % PirqPorts::kPerBlock].load(std::memory_order_acquire) : 0;
}

void free_pirq_ports(DomainEvents& e) {
    PirqPorts* map = e.pirqs.exchange(nullptr, std::memory_order_relaxed);
    if (!map) return;
    for (auto& block : map->blocks) Box<PirqPorts::Block>::adopt(block.load(std::memory_order_relaxed)).reset();
    Box<PirqPorts>::adopt(map).reset();
}

void send_pirq(Domain& d, u32 pirq) {
    u32 port = pirq_port(d, pirq);
    if (!port) return;
    Channel& c = d.events->at(Port{port});
    Guard g{c.lock};
    if (c.state == State::pirq && c.peer.pirq.number == pirq) set_pending(d, c);
}

Status bind_pirq(evtchn_bind_pirq& op) {
    Domain& d = current_domain();
    if (op.pirq >= PirqPorts::kMax || op.pirq >= irq::irq_count()) return Errno::inval;
    if (!irq::guest_needs_eoi(d, op.pirq)) return Errno::perm;   // ABI: not mapped to a line of the machine
    Channel& c = TRY(prepare(d, op.pirq));
    Status bound = irq::bind_guest(*d.vcpus[0], op.pirq, op.flags & BIND_PIRQ__WILL_SHARE);
    if (!bound) {
        undo(d, c, op.pirq);
        return bound;
    }
    Guard g{d.events->lock};
    c.peer.pirq.settling = false;
    op.port = c.port.raw();
    return {};
}

void migrate_pirqs(Vcpu& v) {
    if (!v.events->pirqs.load(std::memory_order_relaxed)) return;
    Domain& d = *v.domain;
    CpuId cpu = sched::processor_of(v);
    for (u32 pirq = 0; pirq < PirqPorts::kMax; ++pirq) {
        const PirqPorts* map = d.events->pirqs.load(std::memory_order_acquire);
        if (!map || !map->blocks[pirq / PirqPorts::kPerBlock].load(std::memory_order_relaxed)) {
            pirq += PirqPorts::kPerBlock - 1;
            continue;
        }
        u32 port = pirq_port(d, pirq);
        if (port && d.events->at(Port{port}).vcpu.load(std::memory_order_relaxed) == v.id.raw())
            static_cast<void>(irq::set_affinity_to(d, pirq, cpu));
    }
}

}  // namespace xen::event
