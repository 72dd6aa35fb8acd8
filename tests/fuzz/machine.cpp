// SPDX-License-Identifier: MIT
#include "machine.hpp"

#include <asm/features.hpp>
#include <asm/interrupt.hpp>
#include <asm/policy.hpp>
#include <sim/machine.hpp>
#include <sim/state.hpp>
#include <xen/acpi.hpp>
#include <xen/control.hpp>
#include <xen/event.hpp>
#include <xen/grant.hpp>
#include <xen/irq.hpp>
#include <xen/numa.hpp>
#include <xen/page.hpp>
#include <xen/sched.hpp>
#include <xen/trace.hpp>

#include "arch/x86/irq/lines.hpp"
#include "sim/fake_io_apic.hpp"
#include "targets.hpp"

namespace xen::fuzz {
namespace {

constexpr u32 bit(unsigned n) { return u32{1} << n; }

// CPUID leaves (SDM 2A, CPUID; APM 3 E.4), and the MSRs that come with them.
void choose_processor() {
    auto& leaves = sim::state().cpuid;
    arch::CpuidRegs seven = arch::cpuid(7, 0), extended = arch::cpuid(0x80000001), sizes = arch::cpuid(0x80000008);
    seven.d |= bit(26) | bit(27) | bit(28) | bit(29) | bit(31);            // IBRSB, STIBP, L1D_FLUSH, ARCH_CAPS, SSBD
    extended.c |= bit(26);                                                 // DBEXT
    extended.d |= bit(27);                                                 // RDTSCP
    sizes.b |= bit(12) | bit(14) | bit(24) | bit(25);                      // IBPB, IBRS, SSBD, VIRT_SSBD
    leaves[{7, 0}] = seven;
    leaves[{0x80000001, 0}] = extended;
    leaves[{0x80000008, 0}] = sizes;
    for (u32 msr : {0x48u, 0x49u, 0x8bu, 0x10au, 0x10bu, 0x17u, 0x1a0u, 0x1a2u, 0x1adu, 0xc8du, 0xc8eu, 0xceu, 0x140u, 0xc0000103u,
                    0xc0010062u, 0xc001011fu, 0xc0011027u, 0xc0011019u})
        sim::state().set_msr(msr, 0);
    sim::state().set_msr(0xce, u64{1} << 31);                              // CPUID faulting can be had
    arch::features.xcr0 = 7;
}

sim::FakeIoApic* controller;

void start_lines() {
    constexpr Paddr kIoApic{0xfe000};
    controller = new sim::FakeIoApic{kIoApic};
    acpi::Madt madt;
    if (!madt.io_apics.push({0, kIoApic, 0})) broken("there is no I/O APIC");
    ioapic::init(madt);
    irq::init();
}

void start(u64 memory_mib) {
    choose_processor();
    sim::start({.memory_mib = memory_mib});
    policy::init();
    start_lines();
    numa::add_range(NodeId{0}, Mfn{0}, max_frame);
    event::init();
    grant::init();
    control::init();
    trace::init();
}

}  // namespace

void start_machine(u64 memory_mib) {
    static bool started = (start(memory_mib), true);
    (void)started;
}

void interrupt(u32 gsi) {
    irq::Line* l = gsi < sim::FakeIoApic::kPins ? irq::line_at(gsi) : nullptr;
    if (!l || controller->entry(gsi).masked) return;
    sim::On on{sched::idle_vcpu(l->place.cpu), l->place.cpu};
    xen_interrupt(controller->entry(gsi).vector);
}

}  // namespace xen::fuzz
