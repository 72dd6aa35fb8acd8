// SPDX-License-Identifier: MIT
// "victim", "storm" for all that is hostile in rotation, "storm NAME" for one of modes.inc.
#include "event.hpp"
#include "lib.hpp"
#include "page.hpp"
#include "rings.hpp"
#include "trap.hpp"
#include "window.hpp"
#include <public/sched.h>

start_info* boot_info;
shared_info* shared;

namespace {

alignas(kPageSize) Page shared_page;

// NMIs that the guest sends itself need no answer.
bool expected(Frame& frame) { return frame.vector == kNmi; }

// Everything that is pending has been seen.
void forget_events(Frame&) {
    shared->vcpu_info[0].evtchn_pending_sel = 0;
    for (auto& word : shared->evtchn_pending) __atomic_store_n(&word, 0, __ATOMIC_SEQ_CST);
}

} // namespace

extern "C" [[noreturn]] void guest_main(start_info* info) {
    boot_info = info;
    hypercall(__HYPERVISOR_update_va_mapping, address(shared_page), info->shared_info | kReadWrite, UVMF_INVLPG);
    shared = reinterpret_cast<shared_info*>(shared_page);
    set_upcall_mask(true);
    on_trap = expected;
    on_event = forget_events;
    install_traps();
    install_callbacks();
    map_rings();
    const char* words = reinterpret_cast<const char*>(info->cmd_line);
    if (same_text(words, "victim")) be_victim();
    storm(starts_with(words, "storm ") ? words + strlen("storm ") : nullptr);
}
