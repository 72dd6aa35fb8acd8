// SPDX-License-Identifier: MIT
// The ports of a domain: chunks made on first use, the search for a free one, birth and death.
#include <xen/hypercall.hpp>

#include "common/event/channel.hpp"
#include "common/event/fifo.hpp"
#include "common/event/port.hpp"

namespace xen::event {

Channel vacant_channel;

namespace {

Result<Group*> group_for(DomainEvents& e, u32 port) REQUIRES(e.lock) {
    std::atomic<Group*>* place = &e.first_group;
    if (port >= kPortsPerGroup) {
        GroupTable* table = e.groups.load(std::memory_order_relaxed);
        if (!table) {
            Box<GroupTable> fresh = TRY(Box<GroupTable>::create());
            table = fresh.leak();
            e.groups.store(table, std::memory_order_release);
        }
        place = &table->groups[port / kPortsPerGroup];
    }
    if (!place->load(std::memory_order_relaxed)) {
        Box<Group> fresh = TRY(Box<Group>::create());
        place->store(fresh.leak(), std::memory_order_release);
    }
    return place->load(std::memory_order_relaxed);
}

Result<Channel&> make(DomainEvents& e, u32 port) REQUIRES(e.lock) {
    Group* group = TRY(group_for(e, port));
    auto& place = group->chunks[port / kChannelsPerChunk % kChunksPerGroup];
    if (!place.load(std::memory_order_relaxed)) {
        Box<Chunk> fresh = TRY(Box<Chunk>::create());
        u32 first = port - port % kChannelsPerChunk;
        for (u32 i = 0; i < kChannelsPerChunk; ++i) fresh->channels[i].port = Port{first + i};
        place.store(fresh.leak(), std::memory_order_release);
    }
    // The chunk is seen no later than the range that names it.
    if (port >= e.valid.load(std::memory_order_relaxed))
        e.valid.store((port / kPortsPerStep + 1) * kPortsPerStep, std::memory_order_release);
    return place.load(std::memory_order_relaxed)->channels[port % kChannelsPerChunk];
}

void free_group(Group* group) {
    if (!group) return;
    for (auto& place : group->chunks) Box<Chunk>::adopt(place.load(std::memory_order_relaxed)).reset();
    Box<Group>::adopt(group).reset();
}

}  // namespace

Result<Channel&> find_free(const Domain& d, DomainEvents& e) {
    if (d.is_dying()) return Errno::inval;
    for (u32 port = e.lowest_free; port <= e.max_port && port < e.abi_ports(); ++port) {
        if (e.is_valid(Port{port})) {
            const Channel& c = e.at(Port{port});
            // A port that the guest still has on a queue would be delivered by its old settings.
            if (c.state != State::free || (e.uses_fifo() && fifo::is_linked(e, Port{port}))) continue;
        }
        return make(e, port);
    }
    return Errno::nospc;
}

Result<Channel&> find_given(const Domain& d, DomainEvents& e, Port port) {
    if (d.is_dying()) return Errno::inval;
    if (port.raw() < 1 || port.raw() > e.max_port || port.raw() >= e.abi_ports()) return Errno::nospc;
    if (e.is_valid(port) && e.at(port).state != State::free) return Errno::exist;
    return make(e, port.raw());
}

void open_locked(DomainEvents& e, Channel& c, State state) {
    c.state = state;
    c.priority.store(EVTCHN_FIFO_PRIORITY_DEFAULT, std::memory_order_relaxed);
    ++e.active;
    if (c.consumer) ++e.active_xen;
    if (e.lowest_free == c.port.raw()) ++e.lowest_free;
}

void free_locked(Domain& d, DomainEvents& e, Channel& c) {
    if (c.usable()) clear_pending(d, c);
    --e.active;
    if (c.consumer) --e.active_xen;
    c.state = State::free;
    c.consumer = 0;
    c.pending = false;
    c.vcpu.store(0, std::memory_order_relaxed);
    c.peer = Channel::Peer{};
    if (c.port.raw() < e.lowest_free) e.lowest_free = c.port.raw();
}

bool port_valid(const Domain& d, Port port) { return d.events->is_valid(port); }

Status init_domain(Domain& d, u32 max_port) {
    Box<DomainEvents> e = TRY(Box<DomainEvents>::create());
    e->max_port = max_port;
    d.events = e.leak();
    return {};
}

Status init_vcpu(Vcpu& v) {
    Box<VcpuEvents> e = TRY(Box<VcpuEvents>::create());
    v.events = e.leak();
    return {};
}

void destroy_vcpu(Vcpu& v) {
    if (v.events) fifo::destroy_vcpu(v);
    Box<VcpuEvents>::adopt(std::exchange(v.events, nullptr)).reset();
}

Status kill_step(Domain& d) {
    DomainEvents* e = d.events;
    if (!e) return {};
    // From the top down, so that what is left to do is what `valid` still names.
    for (u32 port = e->valid.load(std::memory_order_relaxed); port-- > 1;) {
        static_cast<void>(close(d, Port{port}, false));
        if (port % kPortsPerStep == 0 && hypercall::preempt_due()) {
            e->valid.store(port, std::memory_order_release);
            return Errno::restart;
        }
    }
    forget_virq_handler(d);
    Guard g{d.events->lock};
    fifo::destroy(d);
    return {};
}

void destroy_domain(Domain& d) {
    DomainEvents* e = d.events;
    if (!e) return;
    for (u32 port = e->valid.load(std::memory_order_relaxed); port-- > 1;) static_cast<void>(close(d, Port{port}, false));
    forget_virq_handler(d);
    {
        Guard g{d.events->lock};
        fifo::destroy(d);
    }
    free_pirq_ports(*e);
    free_group(e->first_group.load(std::memory_order_relaxed));
    if (GroupTable* table = e->groups.load(std::memory_order_relaxed)) {
        for (auto& group : table->groups) free_group(group.load(std::memory_order_relaxed));
        Box<GroupTable>::adopt(table).reset();
    }
    Box<DomainEvents>::adopt(std::exchange(d.events, nullptr)).reset();
}

}  // namespace xen::event
