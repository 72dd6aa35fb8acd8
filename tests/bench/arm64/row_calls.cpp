// SPDX-License-Identifier: MIT
// Hypercalls that need no other domain, and a register of the virtual interrupt controller.
#include "measure.hpp"
#include <public/event_channel.h>
#include <public/sched.h>
#include <public/version.h>

namespace {

void status() {
    auto bind = zeroed<evtchn_bind_ipi>();
    if (s64 rc = call(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, address(bind))) return no_row("evtchn_status", rc);
    auto op = zeroed<evtchn_status>();
    op.dom = DOMID_SELF;
    op.port = bind.port;
    row("evtchn_status", lowest([&] { call(__HYPERVISOR_event_channel_op, EVTCHNOP_status, address(op)); }));
    if (op.status != EVTCHNSTAT_ipi) no_row("evtchn_status_wrong", op.status);
    evtchn_close close = {bind.port};
    call(__HYPERVISOR_event_channel_op, EVTCHNOP_close, address(close));
}

}  // namespace

void calls() {
    row("null_hypercall", lowest([] { call(__HYPERVISOR_xen_version, XENVER_version); }));
    row("yield", lowest([] { call(__HYPERVISOR_sched_op, SCHEDOP_yield); }));
    row("psci_version", lowest([] {
            register u64 x0 asm("x0") = 0x84000000;
            asm volatile("hvc #0" : "+r"(x0)::"x1", "x2", "x3", "memory");
        }));
    // Of shared interrupts 64 to 95.
    row("vgic_read", lowest([] { (void)load(gic::kDistributor + 0x100 + 8); }));
    row("vgic_write", lowest([] { store(gic::kDistributor + 0x180 + 8, 1); }));
    status();
}
