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

constexpr unsigned kMostLines = 512;   // of one domain; the rest is counted

bool describe_if_open(const Channel& c, char* text, usize size) {
    Guard g{c.lock};
    if (c.state == State::free) return false;
    describe_peer(c, text, size);
    return true;
}

void dump_port(const Domain& d, const Channel& c, const char* peer) {
    const event_word_t* word = fifo::word_of(*d.events, c.port);
    u32 link = word ? shared_load(*word) : 0;
    log_line("  %5u [%c%c%c%c] vcpu %u priority %u %s%s", c.port.raw(), is_pending(d, c) ? 'p' : '-',
             is_masked(d, c) ? 'm' : '-', link >> EVTCHN_FIFO_LINKED & 1 ? 'l' : '-',
             link >> EVTCHN_FIFO_BUSY & 1 ? 'b' : '-', c.vcpu.load(std::memory_order_relaxed),
             c.priority.load(std::memory_order_relaxed), peer, c.consumer ? " (hypervisor's)" : "");
}

void dump_domain(const Domain& d) {
    if (!d.events) return;
    log_line("d%u event channels, %s: port [pending/masked/linked/busy]", d.id.raw(),
             d.events->uses_fifo() ? "FIFO" : "2-level");
    unsigned open = 0;
    for (u32 port = 1; d.events->is_valid(Port{port}); ++port) {
        const Channel& c = d.events->at(Port{port});
        char peer[48];
        if (describe_if_open(c, peer, sizeof(peer)) && open++ < kMostLines) dump_port(d, c, peer);
    }
    if (open > kMostLines) log_line("  ... and %u more", open - kMostLines);
}

void dump_all(char) {
    for (Domain* d = domain::first(); d; d = domain::next(*d)) dump_domain(*d);
}

}  // namespace

void init() { console::register_key('e', dump_all, "dump event channels"); }

}  // namespace xen::event
