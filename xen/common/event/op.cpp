// SPDX-License-Identifier: MIT
// The hypercalls: copy in, do it, copy out what the ABI says we write.
#include <xen/hypercall.hpp>
#include <xen/security.hpp>

#include "common/event/channel.hpp"

namespace xen::event {

namespace {

// An operation that answers in its own structure. After a failure nothing is written.
template <class Op>
Status with_answer(GuestInOut<void> arg, Status (*operation)(Op&)) {
    Op op = TRY(arg.copy_in<Op>());
    TRY(operation(op));
    return arg.copy_out(op);
}

Status reset_op(u32 cmd, GuestInOut<void> arg) {
    evtchn_reset op = TRY(arg.copy_in<evtchn_reset>());
    DomainRef d = TRY(domain::find_or_self(DomId{op.dom}));
    TRY(security::may(security::Op::evtchn_reset, *d));
    if (!d->events) return Errno::inval;
    Status done = reset(*d, cmd == EVTCHNOP_reset_cont);
    if (!done && done.error() == Errno::restart) return hypercall::continue_with(u32{EVTCHNOP_reset_cont});
    return done;
}

Status init_control_here(evtchn_init_control& op) { return init_control(current_domain(), op); }

// All but sending; apart, so that sending does not pay for its frame.
[[gnu::noinline]] Status other_op(u32 cmd, GuestInOut<void> arg) {
    Domain& d = current_domain();
    switch (cmd) {
    case EVTCHNOP_unmask: {
        evtchn_unmask op = TRY(arg.copy_in<evtchn_unmask>());
        return unmask(d, Port{op.port});
    }
    case EVTCHNOP_close: {
        evtchn_close op = TRY(arg.copy_in<evtchn_close>());
        return close(d, Port{op.port}, true);
    }
    case EVTCHNOP_bind_vcpu: {
        evtchn_bind_vcpu op = TRY(arg.copy_in<evtchn_bind_vcpu>());
        return bind_vcpu(op);
    }
    case EVTCHNOP_expand_array: {
        evtchn_expand_array op = TRY(arg.copy_in<evtchn_expand_array>());
        return expand_array(d, op.array_gfn);
    }
    case EVTCHNOP_set_priority: {
        evtchn_set_priority op = TRY(arg.copy_in<evtchn_set_priority>());
        return set_priority(d, op);
    }
    case EVTCHNOP_alloc_unbound: return with_answer<evtchn_alloc_unbound>(arg, alloc_unbound);
    case EVTCHNOP_bind_interdomain: return with_answer<evtchn_bind_interdomain>(arg, bind_interdomain);
    case EVTCHNOP_bind_virq: return with_answer<evtchn_bind_virq>(arg, bind_virq);
    case EVTCHNOP_bind_ipi: return with_answer<evtchn_bind_ipi>(arg, bind_ipi);
    case EVTCHNOP_bind_pirq: return with_answer<evtchn_bind_pirq>(arg, bind_pirq);
    case EVTCHNOP_status: return with_answer<evtchn_status>(arg, status);
    case EVTCHNOP_init_control: return with_answer<evtchn_init_control>(arg, init_control_here);
    case EVTCHNOP_reset:
    case EVTCHNOP_reset_cont: return reset_op(cmd, arg);
    default: return Errno::nosys;
    }
}

}  // namespace

Status event_channel_op(u32 cmd, GuestInOut<void> arg) {
    if (cmd != EVTCHNOP_send) return other_op(cmd, arg);
    evtchn_send op = TRY(arg.copy_in<evtchn_send>());
    return send(current_domain(), Port{op.port});
}

// The old form of the call: the command stands before its structure (public/event_channel.h, evtchn_op).
Status event_channel_op_compat(GuestInOut<void> arg) {
    evtchn_op op = TRY(arg.copy_in<evtchn_op>());
    switch (op.cmd) {
    case EVTCHNOP_bind_interdomain:
    case EVTCHNOP_bind_virq:
    case EVTCHNOP_bind_pirq:
    case EVTCHNOP_close:
    case EVTCHNOP_send:
    case EVTCHNOP_status:
    case EVTCHNOP_alloc_unbound:
    case EVTCHNOP_bind_ipi:
    case EVTCHNOP_bind_vcpu:
    case EVTCHNOP_unmask:
        return event_channel_op(op.cmd, arg.at_offset(__builtin_offsetof(evtchn_op, u)));
    default:
        return Errno::nosys;
    }
}

}  // namespace xen::event
