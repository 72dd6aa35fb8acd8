// SPDX-License-Identifier: MIT
// A PV guest that knows its console ring and static event channels, for domains that start with the hypervisor (talk.hpp).
#include "lib.hpp"
#include "talk.hpp"
#include <public/io/console.h>
#include <public/sched.h>

namespace {

alignas(kPageSize) char shared_page[kPageSize];
start_info* boot;
xencons_interface* ring;
u32 console_port;

// The pseudo-physical frame behind a machine frame, by the list that the builder made.
u64 address_of_frame(u64 frame) {
    const u64* list = at<u64>(boot->mfn_list);
    for (u64 i = 0; i < boot->nr_pages; ++i)
        if (list[i] == frame) return kVirtBase + i * kPageSize;
    shut_down(SHUTDOWN_crash);
}

void map_shared_page() {
    u64 entry = boot->shared_info | 0x63;   // present, writable, accessed, dirty
    if (hypercall(__HYPERVISOR_update_va_mapping, address(shared_page), entry, UVMF_INVLPG)) shut_down(SHUTDOWN_crash);
}

}  // namespace

shared_info& info() { return *reinterpret_cast<shared_info*>(shared_page); }

void put(char c) {
    while (ring->out_prod - __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE) == sizeof ring->out) send(console_port);
    ring->out[MASK_XENCONS_IDX(ring->out_prod, ring->out)] = c;
    __atomic_store_n(&ring->out_prod, ring->out_prod + 1, __ATOMIC_RELEASE);
}

void end_line() { send(console_port); }

char read_char() {
    while (__atomic_load_n(&ring->in_prod, __ATOMIC_ACQUIRE) == ring->in_cons) wait(console_port);
    char c = ring->in[MASK_XENCONS_IDX(ring->in_cons, ring->in)];
    __atomic_store_n(&ring->in_cons, ring->in_cons + 1, __ATOMIC_RELEASE);
    return c;
}

extern "C" [[noreturn]] void secondary_main() { shut_down(SHUTDOWN_crash); }
extern "C" [[noreturn]] void trap_handler() { shut_down(SHUTDOWN_crash); }

extern "C" [[noreturn]] void guest_main(start_info* given) {
    boot = given;
    map_shared_page();
    console_port = boot->console.domU.evtchn;
    ring = at<xencons_interface>(address_of_frame(boot->console.domU.mfn));
    introduce(reinterpret_cast<const char*>(boot->cmd_line), boot->mod_len ? at<char>(boot->mod_start) : nullptr);
    if (boot->store_mfn || boot->store_evtchn || boot->flags) say("FAIL: a store, or privileges");
    obey();
}
