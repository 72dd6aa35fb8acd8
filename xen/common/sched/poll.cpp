// SPDX-License-Identifier: MIT
// SCHEDOP_poll: block until one of some ports is pending, whether masked or not, or a time has come.
#include <public/event_channel.h>
#include <xen/event.hpp>
#include <xen/sched.hpp>
#include <xen/softirq.hpp>

#include "common/sched/unit.hpp"

namespace xen::sched {

namespace {

constexpr u32 kMostPorts = 128;   // ABI

enum class Found { nothing, pending, invalid };

Found look(const Vcpu& v, const evtchn_port_t* ports, u32 count) {
    const Domain& d = *v.domain;
    if (event::upcall_due(v)) return Found::pending;
    for (u32 i = 0; i < count; ++i) {
        if (!event::port_valid(d, Port{ports[i]})) return Found::invalid;
        if (event::port_pending(d, Port{ports[i]})) return Found::pending;
    }
    return Found::nothing;
}

}  // namespace

Result<s64> poll(u64 ports_at, u32 count, u64 timeout) {
    evtchn_port_t ports[kMostPorts];
    if (count > kMostPorts) return Errno::inval;
    TRY(GuestIn<evtchn_port_t>{ports_at}.copy_array_in(ports, 0, count));
    Vcpu& v = current();
    Unit& u = unit(v);
    if (u.poll_timer.active()) [[unlikely]] u.poll_timer.stop();   // of an earlier poll that an event ended
    // Blocked from here on, so that an event that arrives while the ports are looked at is not missed.
    u.poll_port.store(count == 1 ? ports[0] : kPollAny, std::memory_order_relaxed);
    v.domain->pollers.atomic_set(v.id.raw());
    u.hold.fetch_or(kBlocked, std::memory_order_seq_cst);
    Found found = look(v, ports, count);
    if (found != Found::nothing) {
        end_poll(u);
        u.hold.fetch_and(~kBlocked, std::memory_order_relaxed);
        if (found == Found::invalid) return Errno::inval;
        return 0;
    }
    if (timeout) u.poll_timer.set(Nanos{static_cast<s64>(timeout)});
    softirq::raise(softirq::Kind::schedule);
    return 0;
}

bool is_polling(const Vcpu& v) { return unit(v).poll_port.load(std::memory_order_seq_cst) != kPollNone; }

void wake_poller(Vcpu& v, Port port) {
    Unit& u = unit(v);
    u32 waits_for = u.poll_port.load(std::memory_order_seq_cst);
    if (waits_for == kPollNone || (waits_for != kPollAny && waits_for != port.raw())) return;
    wake(v);
}

void wake_all_pollers(Domain& d, Port port) {
    Bitmap<kMaxVcpus> pollers = d.pollers.snapshot();
    for (usize w = 0; w < pollers.kWords; ++w)
        for (u64 left = pollers.word(w); left; left &= left - 1)
            wake_poller(*d.vcpus[w * 64 + static_cast<usize>(std::countr_zero(left))], port);
}

}  // namespace xen::sched
