// SPDX-License-Identifier: MIT
#include "event.hpp"
#include "lib.hpp"
#include "trap.hpp"

long event_op(u32 command, void* argument) {
    return hypercall(__HYPERVISOR_event_channel_op, command, address(argument));
}

long alloc_self() {
    evtchn_alloc_unbound op = {DOMID_SELF, DOMID_SELF, 0};
    const long rc = event_op(EVTCHNOP_alloc_unbound, &op);
    return rc ? rc : static_cast<long>(op.port);
}

long bind_self(u32 remote) {
    evtchn_bind_interdomain op = {DOMID_SELF, remote, 0};
    const long rc = event_op(EVTCHNOP_bind_interdomain, &op);
    return rc ? rc : static_cast<long>(op.local_port);
}

long bind_virq(u32 virq, u32 vcpu) {
    evtchn_bind_virq op = {virq, vcpu, 0};
    const long rc = event_op(EVTCHNOP_bind_virq, &op);
    return rc ? rc : static_cast<long>(op.port);
}

long bind_ipi(u32 vcpu) {
    evtchn_bind_ipi op = {vcpu, 0};
    const long rc = event_op(EVTCHNOP_bind_ipi, &op);
    return rc ? rc : static_cast<long>(op.port);
}

long close_port(u32 port) {
    evtchn_close op = {port};
    return event_op(EVTCHNOP_close, &op);
}

long send_port(u32 port) {
    evtchn_send op = {port};
    return event_op(EVTCHNOP_send, &op);
}

evtchn_status status_of(u32 port) {
    evtchn_status op;
    memset(static_cast<void*>(&op), 0, sizeof(op));
    op.dom = DOMID_SELF;
    op.port = port;
    if (event_op(EVTCHNOP_status, &op)) op.status = 0xff;
    return op;
}

bool is_pending(u32 port) {
    return __atomic_load_n(&shared->evtchn_pending[port / 64], __ATOMIC_SEQ_CST) >> port % 64 & 1;
}

void clear_pending(u32 port) {
    __atomic_and_fetch(&shared->evtchn_pending[port / 64], ~(u64{1} << port % 64),
                       __ATOMIC_SEQ_CST);
    __atomic_store_n(&shared->vcpu_info[0].evtchn_pending_sel, u64{0}, __ATOMIC_SEQ_CST);
    __atomic_store_n(&shared->vcpu_info[0].evtchn_upcall_pending, u8{0}, __ATOMIC_SEQ_CST);
}

void set_mask(u32 port, bool masked) {
    const u64 bit = u64{1} << port % 64;
    if (masked)
        __atomic_or_fetch(&shared->evtchn_mask[port / 64], bit, __ATOMIC_SEQ_CST);
    else
        __atomic_and_fetch(&shared->evtchn_mask[port / 64], ~bit, __ATOMIC_SEQ_CST);
}

u64 upcalls_while_open() {
    const u64 before = event_count;
    set_upcall_mask(false);
    // Opening the mask does not deliver by itself: a harmless hypercall returns through the check.
    hypercall(__HYPERVISOR_xen_version, 0, 0);
    set_upcall_mask(true);
    return event_count - before;
}

u64 system_time() {
    const volatile vcpu_time_info& t = shared->vcpu_info[0].time;
    for (;;) {
        const u32 version = t.version;
        asm volatile("lfence" ::: "memory");
        u64 delta = read_tsc() - t.tsc_timestamp;
        delta = t.tsc_shift < 0 ? delta >> -t.tsc_shift : delta << t.tsc_shift;
        const u64 now =
            t.system_time +
            static_cast<u64>(static_cast<unsigned __int128>(delta) * t.tsc_to_system_mul >> 32);
        asm volatile("lfence" ::: "memory");
        if (!(version & 1) && version == t.version) return now;
    }
}

bool wait_pending(u32 port, u64 nanoseconds) {
    const u64 end = system_time() + nanoseconds;
    while (!is_pending(port))
        if (system_time() > end) return false;
    return true;
}
