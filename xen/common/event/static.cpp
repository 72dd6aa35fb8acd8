// SPDX-License-Identifier: MIT
// Channels that the hypervisor opens itself: between two domains, on ports that a description gives, and to itself.
#include <xen/static_event.hpp>

#include "common/event/channel.hpp"
#include "common/event/port.hpp"

namespace xen::event {
namespace {

// Both tables are held.
void join(Domain& a, Channel& at_a, Domain& b, Channel& at_b) REQUIRES(a.events->lock) NO_THREAD_SAFETY_ANALYSIS {
    PairGuard g{at_a.lock, at_b.lock};
    open_locked(*a.events, at_a, State::interdomain);
    open_locked(*b.events, at_b, State::interdomain);
    at_a.peer.other = {&b, &at_b};
    at_b.peer.other = {&a, &at_a};
}

}  // namespace

Status connect_static(Domain& a, Port at_a, Domain& b, Port at_b) {
    PairGuard g{a.events->lock, b.events->lock};
    Channel& one = TRY(find_given(a, *a.events, at_a));
    Channel& other = TRY(find_given(b, *b.events, at_b));
    if (&one == &other) return Errno::inval;
    join(a, one, b, other);
    return {};
}

Result<Port> open_unbound(Domain& d, DomId remote) {
    Guard g{d.events->lock};
    Channel& c = TRY(find_free(d, *d.events));
    Guard cg{c.lock};
    open_locked(*d.events, c, State::unbound);
    c.peer.remote = remote;
    return c.port;
}

Result<OwnChannel> open_to_xen(Domain& d, Notify notify) {
    DomainEvents& e = *d.events;
    u8 consumer = consumer_of(notify);
    bug_if(!consumer);
    Guard g{e.lock};
    Channel& ours = TRY(find_free(d, e));
    {
        Guard cg{ours.lock};
        ours.consumer = consumer;
        open_locked(e, ours, State::unbound);
        ours.peer.remote = d.id;
    }
    auto theirs = find_free(d, e);
    if (!theirs) {
        Guard cg{ours.lock};
        free_locked(d, e, ours);
        return theirs.error();
    }
    Channel& guests = theirs.value();
    PairGuard pair{ours.lock, guests.lock};
    open_locked(e, guests, State::interdomain);
    guests.peer.other = {&d, &ours};
    ours.state = State::interdomain;
    ours.peer.other = {&d, &guests};
    return OwnChannel{guests.port, ours.port};
}

}  // namespace xen::event
