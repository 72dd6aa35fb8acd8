// SPDX-License-Identifier: MIT
// Waiting for a port by polling it.
#pragma once
#include "event.hpp"
#include "test.hpp"
#include <public/sched.h>

// Until the port is pending; then it is not any more.
inline void take(u32& port) {
    auto op = zeroed<sched_poll>();
    set_handle(op.ports, &port);
    op.nr_ports = 1;
    while (!is_pending(port)) hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, address(&op));
    __atomic_and_fetch(&shared->evtchn_pending[port / 64], ~(u64{1} << port % 64), __ATOMIC_SEQ_CST);
}
