// SPDX-License-Identifier: MIT
// What CLI and STI of a PV kernel do to its mask of upcalls; they depend on its I/O privilege level.
#pragma once
#include "test.hpp"

inline void cli_and_sti(const char* when) {
    set_upcall_mask(false);
    fault(join("cli.", when), catch_fault([] { asm volatile("cli"); }));
    value(join("cli.", when, ".upcall_mask"), shared->vcpu_info[0].evtchn_upcall_mask);
    set_upcall_mask(true);
    fault(join("sti.", when), catch_fault([] { asm volatile("sti"); }));
    value(join("sti.", when, ".upcall_mask"), shared->vcpu_info[0].evtchn_upcall_mask);
    set_upcall_mask(true);
}
