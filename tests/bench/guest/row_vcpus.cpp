// SPDX-License-Identifier: MIT
// Two vCPUs on one CPU that wake each other: two sends, two polls, two switches for each round.
#include "measure.hpp"
#include "poll.hpp"
#include "rows.hpp"
#include "second.hpp"

namespace {

u32 ping, pong;              // to the second, to the first
volatile u32 stop;

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
