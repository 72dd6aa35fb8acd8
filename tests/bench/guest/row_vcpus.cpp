// SPDX-License-Identifier: MIT
// Two vCPUs on one CPU that wake each other: two sends, two polls, two switches for each round.
#include "event.hpp"
#include "measure.hpp"
#include "rows.hpp"
#include "second.hpp"
#include "test.hpp"
#include <public/sched.h>

namespace {

u32 ping, pong;              // to the second, to the first
volatile u32 stop;

void take(u32& port) {
    auto op = zeroed<sched_poll>();
    set_handle(op.ports, &port);
    op.nr_ports = 1;
    while (!is_pending(port)) hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, address(&op));
    __atomic_and_fetch(&shared->evtchn_pending[port / 64], ~(u64{1} << port % 64), __ATOMIC_SEQ_CST);
}

u32 masked_ipi(u32 vcpu) {
    const u32 port = static_cast<u32>(bind_ipi(vcpu));
    set_mask(port, true);    // polled, never delivered
    return port;
}

void answer() {
    while (!stop) {
        take(ping);
        send_port(pong);
    }
}

} // namespace

void vcpus() {
    ping = masked_ipi(1);
    pong = masked_ipi(0);
    shared->vcpu_info[1].evtchn_upcall_mask = 1;
    if (const long rc = start_second(answer)) return no_row("ping_pong", rc);
    const auto round = [] {
        send_port(ping);
        take(pong);
    };
    round();
    row("ping_pong", lowest(round));
    stop = 1;
    round();
    for (u32 port : {ping, pong}) {
        close_port(port);
        set_mask(port, false);
    }
}
