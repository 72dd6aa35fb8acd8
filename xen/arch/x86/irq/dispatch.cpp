// SPDX-License-Identifier: MIT
// From a vector to its handler. IPIs and the timer have direct handlers; lines are found in the CPU's vector map.
#include <asm/cpu.hpp>
#include <asm/interrupt.hpp>
#include <asm/vectors.hpp>
#include <xen/apic.hpp>
#include <xen/log.hpp>
#include <xen/trace.hpp>

#include "arch/x86/irq/lines.hpp"
#include "drivers/apic/local.hpp"

namespace xen::irq {
namespace {

DirectHandler direct[256];

// Level lines are masked before the EOI, so that they do not come again until the guests have seen to them.
void acknowledge(Line& l) {
    Guard g{l.lock};
    ++l.count;
    if (l.level && !l.handler) set_mask(l, true);
    apic::eoi();
}

void run_line(Line& l) {
    if (l.handler && l.level) {      // the handler makes the device lower the line first
        ++l.count;
        l.handler(l.data);
        return apic::eoi();
    }
    acknowledge(l);
    if (l.handler) l.handler(l.data);
    else deliver(l);
}

void handle_line(Line& l) {
    u64 start = trace::on(TRC_HW_IRQ_HANDLED) ? arch::read_counter() : 0;
    run_line(l);
    if (start) [[unlikely]] trace::put(TRC_HW_IRQ_HANDLED, l.number, trace::low(start), trace::low(arch::read_counter()));
}

// Spurious interrupts of the APIC want no EOI, and those of the 8259s set no bit (SDM 3A 10.9).
void handle_unknown(u8 vector) {
    if (vector == vectors::kSpurious || !apic::in_service(vector)) return;
    apic::eoi();
    trace::put(TRC_HW_IRQ_UNMAPPED_VECTOR, vector);
    log_guest("Interrupt vector %#x on CPU %u belongs to nothing", vector, arch::cpu_id().raw());
}

}  // namespace

void set_direct_handler(u8 vector, DirectHandler handler) { direct[vector] = handler; }

}  // namespace xen::irq

void xen_interrupt(xen::u8 vector) {
    using namespace xen;
    lock_check::InterruptScope scope;
    if (irq::DirectHandler handler = irq::direct[vector]) {
        apic::eoi();
        return handler();
    }
    u16 number = irq::local_line(vector);
    if (number == irq::kNoLine) return irq::handle_unknown(vector);
    irq::handle_line(*irq::line_at(number));
}
