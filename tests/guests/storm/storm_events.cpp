// SPDX-License-Identifier: MIT
// Event channels, and what stands behind two of them: the daemons of console and store in dom0.
#include "event.hpp"
#include "rings.hpp"
#include "storm.hpp"
#include <public/io/xs_wire.h>

namespace {

u32 own_port;
const char flood[] = "a line of the hostile guest, as long as a line may well be, and the next one comes at once\n";

} // namespace

void prepare_events() {
    own_port = static_cast<u32>(bind_ipi(0));
    set_mask(own_port, false);
}

void turn_ports() {
    for (unsigned i = 0; i < 32; ++i) {
        const long port = alloc_self();
        if (port < 0) continue;
        const long other = bind_self(static_cast<u32>(port));
        send_port(static_cast<u32>(port));
        status_of(static_cast<u32>(port));
        if (other >= 0) close_port(static_cast<u32>(other));
        close_port(static_cast<u32>(port));
        evtchn_alloc_unbound for_dom0 = {DOMID_SELF, 0, 0};
        if (!event_op(EVTCHNOP_alloc_unbound, &for_dom0)) close_port(for_dom0.port);
        evtchn_bind_interdomain foreign = {0, static_cast<evtchn_port_t>(random_number() % 64), 0};
        event_op(EVTCHNOP_bind_interdomain, &foreign);
        send_port(static_cast<u32>(random_number()));
    }
}

// dom0 is told of news where there are none.
void turn_sends() {
    for (unsigned i = 0; i < 64; ++i) {
        send_port(console_port());
        send_port(store_port());
    }
}

void turn_upcalls() {
    for (unsigned i = 0; i < 64; ++i) {
        send_port(own_port);
        upcalls_while_open();
    }
}

// Lines for the hypervisor's log.
void turn_lines() {
    for (unsigned i = 0; i < 16; ++i) hypercall(__HYPERVISOR_console_io, 0, sizeof(flood) - 1, address(flood));
    hypercall(__HYPERVISOR_console_io, 0, 0x100000, kVirtBase);
}

// As much text as dom0 takes, in whole lines.
void turn_ring() {
    while (console_room() >= sizeof(flood)) put_console(flood, sizeof(flood) - 1);
    send_port(console_port());
}

// As many requests as the store takes: reading, listing, and writing where it may.
void turn_store() {
    static constexpr char root[] = "/", own[] = "domid", write[] = "data/storm\0value";
    while (ask_store(XS_DIRECTORY, root, sizeof(root)) && ask_store(XS_READ, own, sizeof(own)) &&
           ask_store(XS_WRITE, write, sizeof(write) - 1)) {}
    send_port(store_port());
}
