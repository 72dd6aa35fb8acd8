// SPDX-License-Identifier: MIT
// The upcall, and what sched_op and dumps ask about a port.
#include "common/event/port.hpp"

namespace xen::event {

bool is_pending(const Domain& d, const Channel& c) {
    if (!c.usable()) return false;
    if (d.events->uses_fifo()) return fifo::is_pending(*d.events, c.port);
    return test_bit(two_level::pending_word(d, c.port), two_level::bit(c.port));
}

bool is_masked(const Domain& d, const Channel& c) {
    if (!c.usable()) return true;
    if (d.events->uses_fifo()) return fifo::is_masked(*d.events, c.port);
    return test_bit(two_level::mask_word(d, c.port), two_level::bit(c.port));
}

bool port_pending(const Domain& d, Port port) {
    Channel* c = d.events->find(port);
    if (!c) return false;
    Guard g{c->lock};
    return is_pending(d, *c);
}

void vcpu_info_moved(Vcpu& v) {
    if (!v.info) return;
    shared_store(v.info->evtchn_upcall_pending, u8{1});
    shared_store(v.info->evtchn_pending_sel, ~xen_ulong_t{0});
    arch::upcall_raised(v.arch);
}

}  // namespace xen::event
