// SPDX-License-Identifier: MIT
// The hypercalls sched_op and its older form.
#include <public/sched.h>
#include <xen/event.hpp>
#include <xen/sched.hpp>
#include <xen/security.hpp>

#include "common/sched/unit.hpp"

namespace xen::sched {

namespace {

// ABI: blocking unmasks event delivery first, so that no wake-up is lost between the guest's own unmasking and the call.
void block_with_events() {
    Vcpu& v = current();
    if (v.info) arch::set_upcall_mask(*v.info, false);
    block();
}

void trace_shutdown(u32 event, u32 reason) { trace::put(event, current_domain().id.raw(), current().id.raw(), reason); }

Status shut_down(GuestInOut<void> arg) {
    auto op = TRY(arg.copy_in<sched_shutdown>());
    trace_shutdown(TRC_SCHED_SHUTDOWN, op.reason);
    domain::shutdown(current_domain(), static_cast<u8>(op.reason));
    return {};
}

Status shut_down_other(GuestInOut<void> arg) {
    auto op = TRY(arg.copy_in<sched_remote_shutdown>());
    DomainRef d = TRY(domain::find(DomId{op.domain_id}));
    TRY(security::may(security::Op::schedop_remote_shutdown, *d));
    domain::shutdown(*d, static_cast<u8>(op.reason));
    return {};
}

Status latch_code(GuestInOut<void> arg) {
    auto op = TRY(arg.copy_in<sched_shutdown>());
    trace_shutdown(TRC_SCHED_SHUTDOWN_CODE, op.reason);
    Domain& d = current_domain();
    Guard g{d.lock};
    if (d.shutdown_code == -1) d.shutdown_code = static_cast<u8>(op.reason);
    return {};
}

Result<s64> poll_ports(GuestInOut<void> arg) {
    sched_poll op;
    TRY(guest::copy_in(&op, arg.raw(), sizeof(op)));
    return poll(guest_in(op.ports).raw(), op.nr_ports, op.timeout);
}

Result<s64> watchdog(GuestInOut<void> arg) {
    auto op = TRY(arg.copy_in<sched_watchdog>());
    return set_watchdog(current_domain(), op.id, op.timeout);
}

Status override_pin(GuestInOut<void> arg) {
    if (!current_domain().is_hardware) return Errno::perm;
    auto op = TRY(arg.copy_in<sched_pin_override>());
    return pin_override(current(), op.pcpu);
}

Result<s64> done(Status s) {
    if (!s) return s.error();
    return 0;
}

}  // namespace

Result<s64> sched_op(u32 cmd, GuestInOut<void> arg) {
    switch (cmd) {
    case SCHEDOP_yield: yield(); return 0;
    case SCHEDOP_block: block_with_events(); return 0;
    case SCHEDOP_shutdown: return done(shut_down(arg));
    case SCHEDOP_poll: return poll_ports(arg);
    case SCHEDOP_remote_shutdown: return done(shut_down_other(arg));
    case SCHEDOP_shutdown_code: return done(latch_code(arg));
    case SCHEDOP_watchdog: return watchdog(arg);
    case SCHEDOP_pin_override: return done(override_pin(arg));
    default: return Errno::nosys;
    }
}

Result<s64> sched_op_compat(u32 cmd, u64 arg) {
    switch (cmd) {
    case SCHEDOP_yield: yield(); return 0;
    case SCHEDOP_block: block_with_events(); return 0;
    case SCHEDOP_shutdown:
        trace_shutdown(TRC_SCHED_SHUTDOWN, static_cast<u32>(arg));
        domain::shutdown(current_domain(), static_cast<u8>(arg));
        return 0;
    default: return Errno::nosys;
    }
}

}  // namespace xen::sched
