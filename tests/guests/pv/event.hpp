// SPDX-License-Identifier: MIT
// Event channels as the tests use them: the calls, and the 2-level bitmaps of the shared page.
#pragma once
#include "guest.hpp"
#include <public/event_channel.h>

long event_op(u32 command, void* argument);
// A new unbound port of ours that we ourselves may bind to; negative errno on failure.
long alloc_self();
long bind_self(u32 remote);
long bind_virq(u32 virq, u32 vcpu = 0);
long bind_ipi(u32 vcpu = 0);
long close_port(u32 port);
long send_port(u32 port);
evtchn_status status_of(u32 port);

bool is_pending(u32 port);
void clear_pending(u32 port);
void set_mask(u32 port, bool masked);
// Runs with upcalls open for a moment and says how many callbacks came.
u64 upcalls_while_open();
u64 system_time();
// Waits until the port is pending, at most this long.
bool wait_pending(u32 port, u64 nanoseconds);
