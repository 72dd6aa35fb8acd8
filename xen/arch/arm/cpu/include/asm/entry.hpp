// SPDX-License-Identifier: MIT
// Between the entry code and the rest. A trap from a guest: registers are in the current vCPU, interrupts are off; after the
// handler (asm/trap.hpp has the guest's) come softirqs, scheduling and vgic::enter_guest.
#pragma once

extern "C" {

// Any interrupt, from a guest or from the hypervisor itself (arch/arm/irq). Interrupts off.
void arm_interrupt();

// Leaves the outermost frame: never returns, forgets the stack. For the end of boot and a CPU's first schedule.
[[noreturn]] void enter_current();
[[noreturn]] void switch_stack(void* top, void (*fn)());

}  // extern "C"
