// SPDX-License-Identifier: MIT
// Event channels by their own structure: pairs that point at each other, counts, VIRQs, and queues that end.
#include "common/event/fifo.hpp"
#include "common/event/port.hpp"
#include "count.hpp"

namespace xen::census {
namespace {

using namespace event;

struct Checker {
    Domain& d;
    Findings& wrong;
    unsigned id = d.id.raw();

    void pair(const Channel& c) {
        const Channel* other = c.peer.other.channel;
        Domain* there = c.peer.other.domain;
        if (!there || !other || domain::peek(there->id) != there) {
            wrong.add("port-pair", "d%u port %u is connected to a domain that is gone", id, c.port.raw());
            return;
        }
        if (other->state != State::interdomain || other->peer.other.channel != &c || other->peer.other.domain != &d)
            wrong.add("port-pair", "d%u port %u is connected to d%u port %u, which is not connected to it", id, c.port.raw(), there->id.raw(),
                      other->port.raw());
    }
    void virq(const Channel& c) {
        u32 vcpu = virq_is_global(c.peer.virq) ? 0 : c.vcpu.load();
        if (d.vcpus[vcpu]->events->virq_ports[c.peer.virq].load() != c.port.raw())
            wrong.add("virq", "d%u port %u is bound to VIRQ %u, which goes elsewhere", id, c.port.raw(), c.peer.virq);
    }
    void channel(const Channel& c) {
        if (c.state != State::free && !d.vcpu(VcpuId{c.vcpu.load()})) wrong.add("port-vcpu", "d%u port %u notifies vCPU %u", id, c.port.raw(), c.vcpu.load());
        if (c.state == State::interdomain) pair(c);
        if (c.state == State::virq) virq(c);
    }
    void ports() NO_THREAD_SAFETY_ANALYSIS {   // nobody runs
        const DomainEvents& e = *d.events;
        u32 active = 0;
        bool free_below = false;
        for (u32 p = 1; e.is_valid(Port{p}); ++p) {
            const Channel& c = e.at(Port{p});
            if (c.state != State::free) ++active;
            else if (p < e.lowest_free) free_below = true;
            if (&c != &vacant_channel) channel(c);
        }
        if (active != e.active) wrong.add("port-count", "d%u: %u ports counted, %u open", id, e.active, active);
        if (free_below) wrong.add("port-count", "d%u: a port below %u is free", id, e.lowest_free);
    }
    // From the tail's point of view: every word of a queue that links on leads to a linked word, and no two to one.
    void words() {
        const FifoDomain* f = d.events->fifo.load();
        if (!f) return;
        u32 ports = d.events->valid.load();
        std::vector<u8> named(ports);
        for (u32 p = 1; p < ports; ++p) {
            const event_word_t* word = fifo::word_of(*d.events, Port{p});
            if (!word) break;
            u32 next = *word & EVTCHN_FIFO_LINK_MASK;
            bool linked = *word >> EVTCHN_FIFO_LINKED & 1;
            if (*word >> EVTCHN_FIFO_BUSY & 1) wrong.add("fifo-busy", "d%u port %u: BUSY is left", id, p);
            if (!linked || !next) continue;
            if (next >= ports || named[next]++) wrong.add("fifo-cycle", "d%u port %u leads to port %u, as another does", id, p, next);
        }
        for (u32 p = 1; p < ports; ++p) walk(p, ports);
    }
    void walk(u32 from, u32 ports) {
        u32 at = from;
        for (u32 n = 0; n <= ports; ++n) {
            const event_word_t* word = fifo::word_of(*d.events, Port{at});
            if (!word || !(*word >> EVTCHN_FIFO_LINKED & 1)) return;
            at = *word & EVTCHN_FIFO_LINK_MASK;
            if (!at) return;
        }
        wrong.add("fifo-cycle", "d%u: the queue of port %u has no end", id, from);
    }
};

}  // namespace

void check_channels(Findings& wrong) {
    each_domain([&](Domain& d) {
        if (!d.events || d.is_dying()) return;
        Checker c{d, wrong};
        c.ports();
        c.words();
    });
}

}  // namespace xen::census
