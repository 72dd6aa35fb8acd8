// SPDX-License-Identifier: MIT
// Between the entry code and the rest: traps from guests, and the slow way out of the outermost frame.
#include <asm/cpu.hpp>
#include <asm/entry.hpp>
#include <asm/vgic.hpp>
#include <xen/domain.hpp>
#include <xen/idle.hpp>
#include <xen/softirq.hpp>

namespace xen::arch {

extern "C" {

void enter_current_on(void* stack_top);

[[gnu::noinline, gnu::cold]] static Vcpu* more_exit_work() {
    for (;;) {
        if (softirq::pending()) {
            irq_enable();
            softirq::process();
            irq_disable();
        } else if (current().is_idle()) {
            smp::idle_once();
        } else {
            vgic::enter_guest(current());
            return &current();
        }
    }
}

// Interrupts off at the call and at the return. Most often there is nothing to do.
Vcpu* exit_work() {
    Vcpu& v = current();
    bool none = !softirq::pending() && !v.is_idle() && !v.arch.attention.load(std::memory_order_relaxed);
    return none ? &v : more_exit_work();
}

void enter_current() {
    enter_current_on(&cpu_block());
    __builtin_unreachable();
}

}

}  // namespace xen::arch
