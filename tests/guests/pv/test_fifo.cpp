// SPDX-License-Identifier: MIT
// The FIFO event-channel ABI: set-up, queues by priority, masks, array growth, and back by reset.
#include "event.hpp"
#include "page.hpp"
#include "test.hpp"

namespace {

u8* control_page;
u8* arrays[2];

evtchn_fifo_control_block& control() {
    return *reinterpret_cast<evtchn_fifo_control_block*>(control_page);
}

event_word_t& word(u32 port) {
    return reinterpret_cast<event_word_t*>(arrays[port / 1024])[port % 1024];
}

bool bit(u32 port, unsigned n) { return __atomic_load_n(&word(port), __ATOMIC_SEQ_CST) >> n & 1; }

void unmask(u32 port) {
    __atomic_and_fetch(&word(port), ~(1u << EVTCHN_FIFO_MASKED), __ATOMIC_SEQ_CST);
}
void mask(u32 port) { __atomic_or_fetch(&word(port), 1u << EVTCHN_FIFO_MASKED, __ATOMIC_SEQ_CST); }

long init_control(u64 frame, u32 offset, u32 vcpu, u8* link_bits = nullptr) {
    auto op = zeroed<evtchn_init_control>();
    op.control_gfn = frame;
    op.offset = offset;
    op.vcpu = vcpu;
    const long rc = event_op(EVTCHNOP_init_control, &op);
    if (link_bits) *link_bits = op.link_bits;
    return rc;
}

long expand(u64 frame) {
    evtchn_expand_array op = {frame};
    return event_op(EVTCHNOP_expand_array, &op);
}

// Takes the first event of one queue, as the ABI's consumer does; 0 when it is empty.
u32 take(unsigned queue) {
    u32& head = control().head[queue];
    const u32 port = head;
    if (!port) return 0;
    event_word_t& w = word(port);
    event_word_t old = __atomic_load_n(&w, __ATOMIC_SEQ_CST);
    while (!__atomic_compare_exchange_n(&w, &old,
                                        old & ~(1u << EVTCHN_FIFO_LINKED | EVTCHN_FIFO_LINK_MASK),
                                        false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    }
    head = old & EVTCHN_FIFO_LINK_MASK;
    if (!head) __atomic_and_fetch(&control().ready, ~(1u << queue), __ATOMIC_SEQ_CST);
    __atomic_and_fetch(&w, ~(1u << EVTCHN_FIFO_PENDING), __ATOMIC_SEQ_CST);
    return port;
}

void drain() {
    for (unsigned q = 0; q < EVTCHN_FIFO_MAX_QUEUES; ++q)
        while (take(q)) {
        }
    __atomic_store_n(&control().ready, 0u, __ATOMIC_SEQ_CST);
    upcalls_while_open();
}

struct Pair {
    u32 sender;
    u32 receiver;
};

Pair new_pair() {
    Pair p;
    p.sender = static_cast<u32>(alloc_self());
    p.receiver = static_cast<u32>(bind_self(p.sender));
    unmask(p.sender);
    unmask(p.receiver);
    return p;
}

long priority(u32 port, u32 level) {
    evtchn_set_priority op = {port, level};
    return event_op(EVTCHNOP_set_priority, &op);
}

void set_up() {
    control_page = new_page();
    arrays[0] = new_page();
    arrays[1] = new_page();
    result("expand.before_init", expand(mfn_of(arrays[0])));
    result("init.bad_vcpu", init_control(mfn_of(control_page), 0, 2));
    result("init.misaligned", init_control(mfn_of(control_page), 4, 0));
    result("init.beyond_page", init_control(mfn_of(control_page), kPageSize - 64, 0));
    result("init.minus1_offset", init_control(mfn_of(control_page), ~7u, 0));
    result("init.bad_frame", init_control(u64{1} << 39, 0, 0));
    result("init.page_table", init_control(root_mfn(), 0, 0));
    u8 link_bits = 0;
    result("init", init_control(mfn_of(control_page), 0, 0, &link_bits));
    value("init.link_bits", link_bits);
    result("init.again", init_control(mfn_of(control_page), 0, 0));
    result("init.vcpu_1", init_control(mfn_of(control_page), 512, 1));
    result("port_without_array", alloc_self());
    result("expand.bad_frame", expand(u64{1} << 39));
    result("expand.page_table", expand(root_mfn()));
    result("expand", expand(mfn_of(arrays[0])));
    result("writable_still", protect(arrays[0], kReadWrite));
    result("unmap_is_allowed", protect(control_page, kReadOnly));
    protect(control_page, kReadWrite);
}

void delivery() {
    const Pair p = new_pair();
    drain();
    result("send", send_port(p.sender));
    check("send.pending", bit(p.receiver, EVTCHN_FIFO_PENDING));
    check("send.linked", bit(p.receiver, EVTCHN_FIFO_LINKED));
    value("send.ready", control().ready);
    check("send.head", control().head[EVTCHN_FIFO_PRIORITY_DEFAULT] == p.receiver);
    value("send.upcalls", upcalls_while_open());
    check("send.taken", take(EVTCHN_FIFO_PRIORITY_DEFAULT) == p.receiver);
    value("send.queue_empty", take(EVTCHN_FIFO_PRIORITY_DEFAULT));
    mask(p.receiver);
    result("masked.send", send_port(p.sender));
    check("masked.pending", bit(p.receiver, EVTCHN_FIFO_PENDING));
    check("masked.not_linked", !bit(p.receiver, EVTCHN_FIFO_LINKED));
    value("masked.upcalls", upcalls_while_open());
    evtchn_unmask open = {p.receiver};
    result("masked.unmask", event_op(EVTCHNOP_unmask, &open));
    check("masked.linked_now", bit(p.receiver, EVTCHN_FIFO_LINKED));
    check("masked.bit_cleared", !bit(p.receiver, EVTCHN_FIFO_MASKED));
    value("masked.upcalls_now", upcalls_while_open());
    drain();
    close_port(p.sender);
    close_port(p.receiver);
}

// Three ports in one queue come out in the order they were sent; a better priority overtakes.
void order() {
    Pair p[4];
    for (Pair& pair : p) pair = new_pair();
    drain();
    result("priority.best", priority(p[3].receiver, EVTCHN_FIFO_PRIORITY_MAX));
    for (unsigned i : {2u, 0u, 1u, 3u}) send_port(p[i].sender);
    value("order.ready", control().ready);
    check("order.first", take(7) == p[2].receiver);
    check("order.second", take(7) == p[0].receiver);
    check("order.third", take(7) == p[1].receiver);
    check("order.priority", take(0) == p[3].receiver);
    result("priority.worst", priority(p[0].receiver, EVTCHN_FIFO_PRIORITY_MIN));
    send_port(p[0].sender);
    check("order.worst", take(15) == p[0].receiver);
    result("priority.too_large", priority(p[0].receiver, 16));
    result("priority.minus1", priority(p[0].receiver, ~0u));
    result("priority.port_0", priority(0, 1));
    // Changing the priority while linked: it stays in the old queue until consumed.
    send_port(p[1].sender);
    priority(p[1].receiver, 3);
    send_port(p[1].sender);
    check("order.old_queue", take(7) == p[1].receiver);
    send_port(p[1].sender);
    check("order.new_queue", take(3) == p[1].receiver);
    drain();
    for (const Pair& pair : p) {
        close_port(pair.sender);
        close_port(pair.receiver);
    }
}

// Ports beyond the array may exist; what was sent to them shows as soon as the array has their
// word.
void growth() {
    static u32 ports[1200];
    unsigned n = 0;
    while (n < 1200) ports[n++] = static_cast<u32>(alloc_self());
    check("growth.beyond_array", ports[n - 1] >= 1024 && ports[n - 1] < 2048);
    const u32 remote = static_cast<u32>(bind_self(ports[n - 1]));
    result("growth.send", send_port(remote));
    value("growth.ready", control().ready);
    result("growth.expand", expand(mfn_of(arrays[1])));
    check("growth.pending", bit(ports[n - 1], EVTCHN_FIFO_PENDING));
    check("growth.bind_pending", bit(remote, EVTCHN_FIFO_PENDING));
    value("growth.masked", bit(remote, EVTCHN_FIFO_MASKED));
    drain();
    bool good = close_port(remote) == 0;
    for (unsigned i = 0; i < n; ++i) good = good && close_port(ports[i]) == 0;
    check("growth.closed", good);
}

void virq() {
    const u32 port = static_cast<u32>(bind_virq(VIRQ_TIMER));
    unmask(port);
    drain();
    result("virq.timer", hypercall(__HYPERVISOR_set_timer_op, system_time() + 1000000));
    const u64 end = system_time() + 2000000000;
    while (!bit(port, EVTCHN_FIFO_PENDING) && system_time() < end) {
    }
    check("virq.pending", bit(port, EVTCHN_FIFO_PENDING));
    drain();
    close_port(port);
}

void back() {
    evtchn_reset op = {DOMID_SELF};
    result("reset", event_op(EVTCHNOP_reset, &op));
    const u32 first = static_cast<u32>(alloc_self());
    const u32 second = static_cast<u32>(bind_self(first));
    clear_pending(second);
    send_port(first);
    check("reset.two_level_again", is_pending(second));
    clear_pending(second);
    close_port(first);
    close_port(second);
    result("reset.expand", expand(mfn_of(arrays[0])));
    for (u8* page : {control_page, arrays[0], arrays[1]}) free_page(page);
}

} // namespace

void test_fifo() {
    evtchn_reset op = {DOMID_SELF};
    event_op(EVTCHNOP_reset, &op);
    set_up();
    delivery();
    order();
    growth();
    virq();
    back();
}
