// SPDX-License-Identifier: MIT
// Events to ourselves: sent to a masked vCPU, sent again, and all the way to a handler and back.
#include "event.hpp"
#include "measure.hpp"
#include "rows.hpp"
#include "trap.hpp"

extern "C" void quick_event(), event_entry(), failsafe_entry(), syscall_entry();
extern "C" u64 quick_event_time;
extern "C" void* quick_words[2];

namespace {

void handler(void (*entry)()) {
    hypercall(__HYPERVISOR_set_callbacks, address(entry), address(&failsafe_entry), address(&syscall_entry));
}

u64 least(u64 a, u64 b) { return a < b ? a : b; }

void delivered(evtchn_send& op, u32 port) {
    quick_words[0] = &shared->vcpu_info[0];
    quick_words[1] = &shared->evtchn_pending[port / 64];
    handler(&quick_event);
    set_upcall_mask(false);
    u64 to_handler = ~u64{0};
    u64 both = ~u64{0};
    for (unsigned i = 0; i < kRuns; ++i) {
        const u64 start = begin_count();
        event_op(EVTCHNOP_send, &op);
        const u64 end = end_count();
        to_handler = least(to_handler, quick_event_time - start - reading_cost());
        both = least(both, end - start - reading_cost());
    }
    set_upcall_mask(true);
    handler(&event_entry);
    row("event_to_handler", to_handler, 1, Runs::to_point);
    row("event_and_iret", both);
}

} // namespace

void events() {
    const u32 port = static_cast<u32>(bind_ipi());
    evtchn_send op = {port};
    row("event_fresh", lowest([&] { event_op(EVTCHNOP_send, &op); }, [=] { clear_pending(port); }));
    event_op(EVTCHNOP_send, &op);
    row("event_pending", lowest([&] { event_op(EVTCHNOP_send, &op); }));
    clear_pending(port);
    delivered(op, port);
    close_port(port);
}
