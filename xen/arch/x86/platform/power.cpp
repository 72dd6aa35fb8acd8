// SPDX-License-Identifier: MIT
// Reset and power off.
#include <asm/cpu.hpp>
#include <asm/mapping.hpp>
#include <asm/mmio.hpp>
#include <xen/console.hpp>
#include <xen/log.hpp>
#include <xen/option.hpp>
#include <xen/pci.hpp>

#include "arch/x86/platform/state.hpp"
#include "lib/words.hpp"

namespace xen::platform {
namespace {

// ACPI 4.8.3.2.1.
constexpr u16 kSciEnabled = 1, kSleepTypeShift = 10, kSleepEnable = 1 << 13;
constexpr u16 kKeyboardStatus = 0x64, kResetControl = 0xcf9;
constexpr u8 kKeyboardBusy = 2, kPulseReset = 0xfe;
constexpr unsigned kPatience = 1'000'000;

u16 read_register(const acpi::GenericAddress& g) {
    if (g.space == acpi::Space::io) return arch::inw(static_cast<u16>(g.address));
    void* at = g.space == acpi::Space::memory ? arch::map_device(Paddr{g.address}, 2) : nullptr;
    return at ? arch::mmio_read16(at) : u16{0};
}

void write_register(const acpi::GenericAddress& g, u16 v) {
    if (!g) return;
    if (g.space == acpi::Space::io) return arch::outw(static_cast<u16>(g.address), v);
    void* at = g.space == acpi::Space::memory ? arch::map_device(Paddr{g.address}, 2) : nullptr;
    if (at) arch::mmio_write16(at, v);
}

// The PM1 registers answer only once the firmware has handed them over (4.8.2.5).
void enable_acpi(const acpi::Fadt& f) {
    if (!f.smi_command || !f.acpi_enable || (read_register(f.pm1a_control) & kSciEnabled)) return;
    arch::outb(static_cast<u16>(f.smi_command), f.acpi_enable);
    for (unsigned i = 0; i < kPatience && !(read_register(f.pm1a_control) & kSciEnabled); ++i) arch::relax();
}

void last_words() {
    arch::irq_disable();
    stop_other_cpus();
    console::force_sync();
    console::flush();
}

void write_sleep(const acpi::Fadt& f, u16 a, u16 b) {
    write_register(f.pm1a_control, a);
    write_register(f.pm1b_control, b);
    write_register(f.pm1a_control, a | kSleepEnable);
    write_register(f.pm1b_control, b | kSleepEnable);
    for (unsigned i = 0; i < kPatience; ++i) arch::relax();
}

void reset_by_acpi() {
    const auto& fadt = tables().fadt;
    if (!fadt || !fadt->has_reset()) return;
    const acpi::GenericAddress& g = fadt->reset;
    switch (g.space) {
    case acpi::Space::io: arch::outb(static_cast<u16>(g.address), fadt->reset_value); break;
    case acpi::Space::memory:
        if (void* at = arch::map_device(Paddr{g.address}, 1)) arch::mmio_write8(at, fadt->reset_value);
        break;
    case acpi::Space::pci_config: {  // device and function in bits 47-16, register below
        pci::Address a{0, 0, static_cast<u8>((g.address >> 32 & 31) << 3 | (g.address >> 16 & 7))};
        pci::write(a, static_cast<u16>(g.address), 1, fadt->reset_value);
        break;
    }
    }
    for (unsigned i = 0; i < kPatience; ++i) arch::relax();
}

void reset_by_keyboard() {
    for (unsigned i = 0; i < 10; ++i) {
        for (unsigned j = 0; j < 100000 && (arch::inb(kKeyboardStatus) & kKeyboardBusy); ++j) arch::relax();
        arch::outb(kKeyboardStatus, kPulseReset);
        for (unsigned j = 0; j < 1000; ++j) static_cast<void>(arch::inb(kKeyboardStatus));
    }
}

void reset_by_pci() {
    u8 old = static_cast<u8>(arch::inb(kResetControl) & ~4);
    arch::outb(kResetControl, old | 2);      // full reset
    arch::outb(kResetControl, old | 6);      // now
    for (unsigned i = 0; i < kPatience; ++i) arch::relax();
}

// The first letter says it, as in Xen: a(cpi), k(bd), p(ci), t(riple), n(o).
void reset_by(char way) {
    switch (way) {
    case 'a': return reset_by_acpi();
    case 'k': return reset_by_keyboard();
    case 'p':
    case 'P': return reset_by_pci();
    case 't': return arch::triple_fault();
    case 'n': arch::halt_forever();
    default: return;
    }
}

}  // namespace

void reboot_now() {
    for (char way : Str{"akpt"}) reset_by(way);
    arch::halt_forever();
}

void reboot() {
    last_words();
    for (Str way : Words{option::values().reboot})
        if (!way.empty()) reset_by(way[0]);
    reboot_now();
}

void power_off() {
    last_words();
    const acpi::Tables& t = tables();
    if (t.fadt && t.s5 && t.fadt->pm1a_control) {
        enable_acpi(*t.fadt);
        write_sleep(*t.fadt, static_cast<u16>(t.s5->a << kSleepTypeShift), static_cast<u16>(t.s5->b << kSleepTypeShift));
    }
    log_line("The machine may be switched off.");
    arch::halt_forever();
}

Status enter_sleep(u8 state, u16 pm1a_value, u16 pm1b_value) {
    if (state < 1 || state > kSleepOff || (pm1a_value & kSleepEnable) || (pm1b_value & kSleepEnable)) return Errno::inval;
    const auto& fadt = tables().fadt;
    if (!fadt || !fadt->pm1a_control) return Errno::perm;
    if (state != kSleepOff) return Errno::opnotsupp;
    log_info("Entering ACPI S%u state.", state);
    last_words();
    write_sleep(*fadt, pm1a_value, pm1b_value);
    power_off();
}

}  // namespace xen::platform
