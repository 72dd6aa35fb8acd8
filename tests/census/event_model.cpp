// SPDX-License-Identifier: MIT
// FIFO event channels: three ports of one domain, two vCPUs, and the guest's handler that takes one event at a time.
#include <public/event_channel.h>
#include <sim/machine.hpp>
#include <sim/state.hpp>
#include <string.h>
#include <xen/memory.hpp>
#include <xen/sched.hpp>

#include "count.hpp"
#include "events.hpp"
#include "guest_calls.hpp"
#include "lives.hpp"
#include "models.hpp"

namespace xen::census {
namespace {

constexpr u32 kPorts = 3;

union Arguments {
    evtchn_init_control control;
    evtchn_expand_array array;
    evtchn_bind_interdomain bind;
    evtchn_alloc_unbound open;
    evtchn_bind_vcpu vcpu;
    evtchn_set_priority priority;
    evtchn_send send;
    evtchn_unmask unmask;
    evtchn_close close;
    evtchn_reset reset;
};
Arguments a;
Domain* guest;
Mfn control_page, word_page;

s64 call(u32 cmd) {
    stand_on(0);
    arch::set_current_vcpu(guest->vcpus[0]);
    return sim::hypercall(__HYPERVISOR_event_channel_op, cmd, at(&a));
}

// Three ports, each connected to one of its own: it sends there and receives here.
class Run {
public:
    explicit Run(Explorer& e) : e_{e} {
        m_.d = guest;
        a.reset = {DOMID_SELF};
        if (call(EVTCHNOP_reset)) wrong_.add("event-reset", "refused");
        m_.reset();
        for (u32 v = 0; v < EventModel::kVcpus; ++v) guest->vcpus[v]->info->evtchn_upcall_pending = 0;
        memset(arch::direct_map(control_page), 0, kPageSize);
        memset(arch::direct_map(word_page), 0, kPageSize);
        for (u32 v = 0; v < EventModel::kVcpus; ++v) {
            a.control = {control_page.raw(), v * 256, v, 0, {}};
            if (call(EVTCHNOP_init_control)) wrong_.add("event-setup", "no control block");
            if (!v) m_.to_fifo();
            m_.add_control(v, reinterpret_cast<evtchn_fifo_control_block*>(static_cast<char*>(arch::direct_map(control_page)) + v * 256));
        }
        a.array = {word_page.raw()};
        if (call(EVTCHNOP_expand_array)) wrong_.add("event-setup", "no words");
        m_.add_words(kPageSize / sizeof(event_word_t));
        for (u32 i = 0; i < kPorts; ++i) connect(i);
    }
    std::string go(unsigned depth) {
        for (unsigned i = 0; i < depth && !wrong_.any(); ++i) {
            act(e_.choose(kChoices));
            m_.check(wrong_);
            check_channels(wrong_);
        }
        // At the end everything that is left arrives.
        for (u32 v = 0; v < EventModel::kVcpus && !wrong_.any(); ++v) m_.handle(v, 16, wrong_);
        if (!wrong_.any()) m_.check(wrong_);
        return wrong_.text();
    }

private:
    static constexpr u32 kKinds = 8, kChoices = 2 + kKinds + 2;

    void connect(u32 i) {
        a.open = {DOMID_SELF, DOMID_SELF, 0};
        call(EVTCHNOP_alloc_unbound);
        from_[i] = a.open.port;
        m_.open(from_[i], PortState::unbound);
        a.bind = {DOMID_SELF, from_[i], 0};
        call(EVTCHNOP_bind_interdomain);
        to_[i] = a.bind.local_port;
        // The new end starts pending: the guest takes that away first.
        m_.connect(to_[i], m_, from_[i]);
        m_.handle(0, 4, wrong_);
    }
    void act(u32 what) {
        char text[40];
        snprintf(text, sizeof(text), "operation %u", what);
        e_.say(text);
        switch (what) {
        case 0: return m_.handle(0, 1, wrong_);
        case 1: return m_.handle(1, 1, wrong_);
        case 2:
        case 3:
        case 4: return send(what - 2);
        case 5: return m_.mask(to_[0]);
        case 6: return unmask();
        case 7: return move(0, 1);
        case 8: return move(0, 0);
        case 9: return priority(0, 3);
        case 10: return priority(1, 3);
        default: return close(1);
        }
    }
    void send(u32 i) {
        a.send = {from_[i]};
        if (call(EVTCHNOP_send) == 0) m_.send(from_[i]);
    }
    void unmask() {
        a.unmask = {to_[0]};
        if (call(EVTCHNOP_unmask) == 0) m_.unmask(to_[0]);
    }
    void move(u32 i, u32 vcpu) {
        a.vcpu = {to_[i], vcpu};
        if (call(EVTCHNOP_bind_vcpu) == 0) m_.ports[to_[i]].vcpu = vcpu;
    }
    void priority(u32 i, u32 p) {
        a.priority = {to_[i], p};
        if (call(EVTCHNOP_set_priority) == 0) m_.ports[to_[i]].priority = p;
    }
    // And a new pair in its place: the old port may still be on a queue.
    void close(u32 i) {
        for (u32 port : {to_[i], from_[i]}) {
            a.close = {port};
            if (call(EVTCHNOP_close) == 0) m_.close(port);
        }
        connect(i);
    }

    Explorer& e_;
    EventModel m_{};
    u32 from_[kPorts]{}, to_[kPorts]{};
    Findings wrong_{};
};

void prepare() {
    start_machine(4);
    open_window(&a, sizeof(a));
    guest = new_domain(false);
    control_page = memory::allocate_domain_pages(*guest, {}).value().mfn();
    word_page = memory::allocate_domain_pages(*guest, {}).value().mfn();
}

std::string run(Explorer& e, unsigned depth) { return Run{e}.go(depth); }

}  // namespace

const Model kEventModel{"events", "three ports, two vCPUs, the FIFO ABI", prepare, run, 5};

}  // namespace xen::census
