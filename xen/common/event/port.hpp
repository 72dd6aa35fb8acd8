// SPDX-License-Identifier: MIT
// What is done to one port in either ABI. The 2-level ABI (public/xen.h, shared_info): a pending and a mask bit
// for each port in the shared page, and a selector word of the vCPU that says which words to look at. The FIFO
// ABI is in fifo.hpp. The caller holds a lock that keeps the port open (its own or its peer's), interrupts off.
#pragma once

#include <xen/sched.hpp>

#include "common/event/channel.hpp"
#include "common/event/fifo.hpp"
#include "common/event/guest_word.hpp"

namespace xen::event {

// Sets the vCPU's pending flag and wakes or kicks it.
inline void mark_pending(Vcpu& v) {
    if (!v.info || __atomic_exchange_n(&v.info->evtchn_upcall_pending, u8{1}, __ATOMIC_SEQ_CST)) return;
    arch::upcall_raised(v.arch);
    sched::notify(v);
}

namespace two_level {

using Word = xen_ulong_t;
inline constexpr unsigned kWordBits = sizeof(Word) * 8;

inline Word& pending_word(const Domain& d, Port p) { return d.shared->evtchn_pending[p.raw() / kWordBits]; }
inline Word& mask_word(const Domain& d, Port p) { return d.shared->evtchn_mask[p.raw() / kWordBits]; }
inline unsigned bit(Port p) { return p.raw() % kWordBits; }

// ABI: an unmasked port becomes visible to the upcall handler only through the selector.
inline void select(Vcpu& v, Port p) {
    if (v.info && !set_bit(v.info->evtchn_pending_sel, p.raw() / kWordBits)) mark_pending(v);
}

inline void set_pending(Domain& d, Port p, Vcpu& v) {
    if (set_bit(pending_word(d, p), bit(p))) return;
    if (!test_bit(mask_word(d, p), bit(p))) select(v, p);
    sched::wake_pollers(d, p);
}

// ABI: only a port that was masked and is pending notifies again.
inline void unmask(Port p, Vcpu& v) {
    const Domain& d = *v.domain;
    if (clear_bit(mask_word(d, p), bit(p)) && test_bit(pending_word(d, p), bit(p))) select(v, p);
}

}  // namespace two_level

// A usable channel of d fires.
inline void set_pending(Domain& d, Channel& c) {
    Vcpu& v = notified_vcpu(d, c);
    if (d.events->uses_fifo()) fifo::set_pending(d, c, v);
    else two_level::set_pending(d, c.port, v);
}

inline void clear_pending(Domain& d, const Channel& c) {
    if (d.events->uses_fifo()) fifo::clear_pending(*d.events, c.port);
    else if (d.shared) clear_bit(two_level::pending_word(d, c.port), two_level::bit(c.port));
}

bool is_pending(const Domain& d, const Channel& c);
bool is_masked(const Domain& d, const Channel& c);

}  // namespace xen::event
