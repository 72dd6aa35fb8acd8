// SPDX-License-Identifier: MIT
#include "arch/x86/dom0/privileges.hpp"

#include <xen/arch_control.hpp>
#include <xen/irq.hpp>
#include <xen/memory.hpp>
#include <xen/platform.hpp>
#include <xen/rangeset.hpp>
#include <xen/serial.hpp>

namespace xen::dom0 {
namespace {

struct Ports {
    u16 first, last;
};
// Interrupt controllers, timer channel 0 to 2 with its gate, PCI configuration: emulated or guarded.
constexpr Ports kOurs[] = {{0x20, 0x21}, {0xa0, 0xa1}, {0x4d0, 0x4d1}, {0x40, 0x43}, {0x61, 0x61}, {0xcf8, 0xcff}};

constexpr u64 kMsiFirst = 0xfee00, kMsiLast = 0xfeeff;  // message addresses, the LAPIC among them (SDM 3A 11.11.1)

constexpr u64 kIoApicBytes = kPageSize;

// Serial ports that carry the hypervisor's console.
Status withhold_serial(Domain& d) {
    for (unsigned i = 0; i < 2; ++i)
        if (serial::Resources r = serial::resources(i); r.last_port) TRY(d.io_ports->remove(r.first_port, r.last_port));
    return {};
}

// Configuration space in memory: reads go to the device, stores come to us (arch/x86/guest/pv/config_space.cpp).
void guard_config_space(const acpi::Tables& t) {
    for (const acpi::McfgEntry& e : t.mcfg)
        memory::protect_io(frame_of(e.base + (u64{e.first_bus} << 20)), (u64{e.last_bus} - e.first_bus + 1) * 256);
}

// The frame of each interrupt controller and timer that the hypervisor drives, and the PM timer's port: dom0 reads it
// through us, where nothing can go wrong with it.
Status withhold_devices(Domain& d) {
    const acpi::Tables& t = platform::tables();
    for (const acpi::IoApic& a : t.madt.io_apics)
        TRY(d.io_memory->remove(a.address.raw() >> kPageShift, (a.address.raw() + kIoApicBytes - 1) >> kPageShift));
    guard_config_space(t);
    if (t.hpet) memory::protect_io(frame_of(t.hpet->address), 1);   // firmware's AML code reads its capabilities
    if (!t.fadt || t.fadt->pm_timer.space != acpi::Space::io || !t.fadt->pm_timer) return {};
    u64 port = t.fadt->pm_timer.address;
    return d.io_ports->remove(port, port + 3);
}

// Memory that is broken, or left alone by `mem=`.
Status withhold_unusable(Domain& d) {
    constexpr u64 kLowFrames = 0x100;
    for (const MemoryRange& r : memory::machine_map()) {
        u64 first = r.start.raw() >> kPageShift, last = (r.end().raw() - 1) >> kPageShift;
        if (first < kLowFrames) first = kLowFrames;
        if (r.type == MemoryType::unusable && first <= last) TRY(d.io_memory->remove(first, last));
    }
    return {};
}

}  // namespace

Status grant_privileges(Domain& d) {
    TRY(d.io_ports->add(0, 0xffff));
    for (Ports p : kOurs) TRY(d.io_ports->remove(p.first, p.last));
    TRY(d.io_memory->add(0, (u64{1} << (arch::physical_address_bits() - kPageShift)) - 1));
    TRY(d.io_memory->remove(kMsiFirst, kMsiLast));
    TRY(withhold_unusable(d));
    TRY(withhold_devices(d));
    TRY(withhold_serial(d));
    return d.irqs->add(1, irq::irq_count() - 1);
}

}  // namespace xen::dom0
