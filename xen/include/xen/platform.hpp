// SPDX-License-Identifier: MIT
// The machine around the CPUs: firmware tables, interrupt controllers, clocks, power. The boot code calls the init
// functions in the order they stand here; each AP calls init_cpu() on itself before it turns interrupts on.
#pragma once

#include <span>

#include <xen/acpi.hpp>
#include <xen/boot_info.hpp>

namespace xen::arch {
struct GuestRegs;
}

namespace xen::platform {

// A processor of the firmware's list; the index into cpus() is its CpuId, the boot CPU is 0.
using CpuEntry = acpi::CpuEntry;

void init_consoles(const BootInfo& boot);  // devices of `com1=`, `com2=`, `vga=`; after the options are parsed
void init_emergency_console();          // a panic came before that: what needs no mapping
void init_early(const BootInfo& boot);  // ACPI tables, NUMA description, the boot CPU's local APIC
void init_irqs();                       // 8259 masked, IO-APICs found and masked, lines of the hypervisor requested
void init_time();                       // clocks calibrated (2 ms at most), this CPU's timer runs
void init_cpu();                        // each AP: local APIC, timer, system time
void init_late();                       // interrupts work: serial lines, NMI watchdog, refinement of the clocks

const acpi::Tables& tables();
std::span<const CpuEntry> cpus();

// Starting APs (SDM 3A 8.4.4): INIT, then twice STARTUP with the page of the real-mode entry.
void send_init(u32 apic_id);
void send_startup(u32 apic_id, u8 page);

// A non-maskable interrupt arrived on this CPU: ours (watchdog, stop request), or the machine's (option `nmi`).
void handle_nmi(const arch::GuestRegs& interrupted);

// While somebody holds it, the NMI watchdog does not count: a debug key writes much.
void hold_watchdog(bool hold);

// -- power
[[noreturn]] void reboot();             // by `reboot=`, then every other way
[[noreturn]] void reboot_now();         // the shortest way, when a panic failed
[[noreturn]] void power_off();          // ACPI S5, else halts for ever
// XENPF_enter_acpi_sleep: sleep types and registers as the hardware domain read them from its tables. S5 does not
// return. Errno::inval for a state or value that is none, Errno::opnotsupp for states that are not supported.
Status enter_sleep(u8 state, u16 pm1a_value, u16 pm1b_value);
void stop_other_cpus();                 // for good; from a panic, any context

}  // namespace xen::platform
