// SPDX-License-Identifier: MIT
// Between the entry code and the rest: interrupts, and the slow way out of the outermost frame.
#include <asm/cpu.hpp>
#include <asm/entry.hpp>
#include <asm/interrupt.hpp>
#include <xen/domain.hpp>
#include <xen/idle.hpp>
#include <xen/softirq.hpp>

namespace xen::arch {

extern "C" void handle_interrupt(u8 vector) {
    smp::wake_from_halt();
    xen_interrupt(vector);
}

// Interrupts off at the call and at the return; then the current vCPU is not the idle one.
extern "C" void exit_work() {
    for (;;) {
        if (softirq::pending()) {
            irq_enable();
            softirq::process();
            irq_disable();
        } else if (current().is_idle()) {
            smp::idle_once();
        } else {
            pv_before_entry(current());
            if (!softirq::pending()) return;
        }
    }
}

}  // namespace xen::arch
