// SPDX-License-Identifier: MIT
// A PV guest of a few pages, for tests that start many. Its command line says what it does, behind "small=": "block" waits for ever,
// "spin" keeps its CPU, "poweroff" and "crash" end it at once.
#include "lib.hpp"
#include <public/sched.h>

namespace {

[[noreturn]] void shut_down(unsigned reason) {
    sched_shutdown_t why = {reason};
    for (;;) hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, address(&why));
}

// No port and no time to wait for, and events are masked: nothing wakes it.
[[noreturn]] void block() {
    sched_poll_t poll = {};
    for (;;) hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, address(&poll));
}

[[noreturn]] void spin() {
    for (;;) asm volatile("pause");
}

}  // namespace

// The start code has entries for second vCPUs and traps; this guest has neither.
extern "C" [[noreturn]] void secondary_main() { shut_down(SHUTDOWN_crash); }
extern "C" [[noreturn]] void trap_handler() { shut_down(SHUTDOWN_crash); }

extern "C" [[noreturn]] void guest_main(start_info* info) {
    const char* words = reinterpret_cast<const char*>(info->cmd_line);
    if (same_text(words, "small=block")) block();
    if (same_text(words, "small=spin")) spin();
    shut_down(same_text(words, "small=poweroff") ? SHUTDOWN_poweroff : SHUTDOWN_crash);
}
