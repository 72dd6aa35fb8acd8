// SPDX-License-Identifier: MIT
// Debug key e: every open port of every domain.
#include <xen/console.hpp>
#include <xen/log.hpp>

#include "common/event/channel.hpp"
#include "common/event/port.hpp"
#include "lib/format.hpp"

namespace xen::event {

namespace {

void describe_peer(const Channel& c, char* text, usize size) {
    switch (c.state) {
    case State::unbound: format(text, size, "unbound for d%u", c.peer.remote.raw()); return;
    case State::interdomain:
        format(text, size, "d%u port %u", c.peer.other.domain->id.raw(), c.peer.other.channel->port.raw());
        return;
    case State::pirq: format(text, size, "pirq %u", c.peer.pirq.number); return;
    case State::virq: format(text, size, "virq %u", c.peer.virq); return;
    case State::ipi: format(text, size, "ipi"); return;
    case State::free: format(text, size, "free"); return;
    }
}

void dump_port(const Domain& d, const Channel& c) {
    char peer[48];
    {
        Guard g{c.lock};
        if (c.state == State::free) return;
        describe_peer(c, peer, sizeof(peer));
    }
    const event_word_t* word = fifo::word_of(*d.events, c.port);
    u32 link = word ? shared_load(*word) : 0;
    log_info("  %5u [%c%c%c%c] vcpu %u priority %u %s%s", c.port.raw(), is_pending(d, c) ? 'p' : '-',
             is_masked(d, c) ? 'm' : '-', link >> EVTCHN_FIFO_LINKED & 1 ? 'l' : '-',
             link >> EVTCHN_FIFO_BUSY & 1 ? 'b' : '-', c.vcpu.load(std::memory_order_relaxed),
             c.priority.load(std::memory_order_relaxed), peer, c.consumer ? " (hypervisor's)" : "");
}

void dump_domain(const Domain& d) {
    if (!d.events) return;
    log_info("d%u event channels, %s: port [pending/masked/linked/busy]", d.id.raw(),
             d.events->uses_fifo() ? "FIFO" : "2-level");
    for (u32 port = 1; d.events->is_valid(Port{port}); ++port) dump_port(d, d.events->at(Port{port}));
}

void dump_all(char) {
    for (Domain* d = domain::first(); d; d = domain::next(*d)) dump_domain(*d);
}

}  // namespace

void init() { console::register_key('e', dump_all, "event channels of all domains"); }

}  // namespace xen::event
