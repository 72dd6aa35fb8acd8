// SPDX-License-Identifier: MIT
// Events to ourselves, the virtual timer's interrupt and SGIs: to the first instruction of the handler, and all the way back.
#include "measure.hpp"
#include <public/event_channel.h>
#include <public/memory.h>

extern "C" {
[[gnu::visibility("hidden")]] extern char quick_vectors;
[[gnu::visibility("hidden")]] extern volatile u64 quick_count, quick_is_v3;
}

namespace {

volatile shared_info& shared() { return *reinterpret_cast<volatile shared_info*>(kSharedFrame * kPage); }

// Marked where the interrupts are off, so that nothing comes but what is counted.
template <class F, class G>
void delivered(const char* to_handler, const char* whole, F cause, G undo) {
    u64 before = quick_count;
    u64 best = lowest([&] {
        asm volatile("msr daifclr, #2" ::: "memory");
        cause();
        asm volatile("isb\n nop\n nop\n msr daifset, #2" ::: "memory");
    }, undo);
    if (quick_count - before != kRuns) return no_row(whole, static_cast<s64>(before - quick_count));
    row(to_handler, best, 1, Runs::to_point);
    row(whole, best);
}

void clear_event(evtchn_port_t port) {
    shared().evtchn_pending[port / 64] = 0;
    shared().vcpu_info[0].evtchn_pending_sel = 0;
    shared().vcpu_info[0].evtchn_upcall_pending = 0;
}

void events() {
    if (s64 rc = map_shared(XENMAPSPACE_shared_info, 0, kSharedFrame)) return no_row("event_fresh", rc);
    auto bind = zeroed<evtchn_bind_ipi>();
    if (s64 rc = call(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, address(bind))) return no_row("event_fresh", rc);
    evtchn_port_t port = bind.port;
    evtchn_send send = {port};
    shared().evtchn_mask[port / 64] = 0;
    auto sent = [&] { call(__HYPERVISOR_event_channel_op, EVTCHNOP_send, address(send)); };
    auto undo = [=] { clear_event(port); };
    undo();
    store(gic::private_frame(0) + 0x100, 0xffff0000 & ~(u32{1} << 30));   // PPIs: one of them is the events'
    delivered("event_to_handler", "event_and_end", sent, undo);
    shared().vcpu_info[0].evtchn_upcall_pending = 1;    // its handler is under way: more events make no interrupt
    row("event_fresh", lowest(sent, [=] {
            shared().evtchn_pending[port / 64] = 0;
            shared().vcpu_info[0].evtchn_pending_sel = 0;
        }));
    sent();
    row("event_pending", lowest(sent));
    undo();
    evtchn_close close = {port};
    call(__HYPERVISOR_event_channel_op, EVTCHNOP_close, address(close));
}

void timer() {
    WRITE_REGISTER(cntv_cval_el0, u64{0});              // long over
    delivered("timer_to_handler", "timer_and_end", [] { asm volatile("msr cntv_ctl_el0, %0" ::"r"(u64{1}) : "memory"); },
              [] { WRITE_REGISTER(cntv_ctl_el0, u64{0}); });
}

void sgi() {
    delivered("sgi_to_handler", "sgi_and_end", [] { gic::send_sgi(0, 5); }, [] {});
}

}  // namespace

void interrupts() {
    quick_is_v3 = gic::is_v3();
    u64 vectors = READ_REGISTER(vbar_el1);
    WRITE_REGISTER(vbar_el1, address(quick_vectors));
    timer();
    sgi();
    events();
    WRITE_REGISTER(vbar_el1, vectors);
}
