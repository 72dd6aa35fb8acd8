// SPDX-License-Identifier: MIT
#include "common/options/table.hpp"

#include "common/options/state.hpp"
#include "lib/nearest.hpp"

namespace xen::option {

Values parsed;

namespace {

constexpr Option kOptions[] = {
    {"dom0_mem", Kind::dom0_memory, &parsed.dom0_mem, "[min:SIZE,][max:SIZE,][SIZE]", "a quarter of RAM, 512M to 4G",
     "Memory of dom0. A negative size is what dom0 leaves free. The effective sizes are published as dom0_mem=NM,max:NM."},
    {"dom0_max_vcpus", Kind::vcpu_range, &parsed.dom0_max_vcpus_min, "N, MIN-MAX, MIN- or -MAX", "one for each CPU",
     "How many vCPUs dom0 gets."},
    {"dom0_vcpus_pin", Kind::boolean, &parsed.dom0_vcpus_pin, "BOOL", "off", "Pin each vCPU of dom0 to the CPU of its number."},
    {"console", Kind::text, &parsed.console, "com1, com2, vga, dtuart, none; several with commas", "com1,vga; on arm64 dtuart",
     "Where the hypervisor's log and dom0's console go."},
    {"com1", Kind::text, &parsed.com1, "BAUD[/BASE][,DPS[,IO[,IRQ[,PCI]]]], auto or pci", "the firmware's setting at port 0x3f8",
     "The first serial port."},
    {"com2", Kind::text, &parsed.com2, "as com1", "the firmware's setting at port 0x2f8", "The second serial port."},
    {"vga", Kind::text, &parsed.vga, "text-80x25, current, gfx, none; with ,keep", "text-80x25, until dom0 starts",
     "The VGA console. current and gfx leave the graphics mode that the loader has set (its gfxpayload), for dom0; keep: dom0 gets "
     "the text screen, and the hypervisor goes on writing to it."},
    {"loglvl", Kind::text, &parsed.loglvl, "none, error, warning, info, debug or all; LOWER/UPPER", "warning",
     "Which of the hypervisor's own messages are shown and kept; between LOWER and UPPER they are rate limited."},
    {"guest_loglvl", Kind::text, &parsed.guest_loglvl, "as loglvl", "none/warning",
     "Which messages that guests cause appear; between LOWER and UPPER they are rate limited."},
    {"conring_size", Kind::size, &parsed.conring_size, "SIZE", "1M", "Size of the log ring, rounded up to a power of two."},
    {"console_timestamps", Kind::text, &parsed.console_timestamps, "none, date, datems, boot, raw", "none",
     "What each log line begins with."},
    {"conswitch", Kind::text, &parsed.conswitch, "LETTER[x]", "a",
     "Three times Ctrl-LETTER switches console input; with x, input starts at the hypervisor."},
    {"sync_console", Kind::boolean, &parsed.sync_console, "BOOL", "off", "Wait until each log line is on the wire."},
    {"noreboot", Kind::boolean, &parsed.noreboot, "BOOL", "off", "Stop instead of rebooting after a panic or when dom0 crashes."},
    {"reboot", Kind::text, &parsed.reboot, "acpi, kbd, pci, triple, no", "acpi, then the others", "How the machine is reset."},
    {"watchdog", Kind::boolean, &parsed.watchdog, "BOOL", "off", "Panic when a CPU makes no progress (NMI watchdog)."},
    {"watchdog_timeout", Kind::number, &parsed.watchdog_timeout, "SECONDS", "5", "How long a CPU may stand still."},
    {"maxcpus", Kind::number, &parsed.maxcpus, "N", "all", "Bring up at most N CPUs."},
    {"mem", Kind::size, &parsed.mem_limit, "SIZE", "all",
     "RAM at and above this address is not used. Modules that lie there move down."},
    {"sched", Kind::text, &parsed.sched, "credit", "credit", "The scheduler of the first CPU pool."},
    {"smt", Kind::boolean, &parsed.smt, "BOOL", "on", "Without it only the first thread of each core runs. xen-hptool smt-enable and smt-disable change it later."},
    {"ucode", Kind::text, &parsed.ucode, "scan or a module number", "none",
     "Microcode for all CPUs: scan looks into the ramdisk's early archive, a number names a boot module (negative: from the end)."},
    {"tbuf_size", Kind::number, &parsed.tbuf_size, "PAGES", "0",
     "Trace buffers of so many pages for each CPU, made at boot. xentrace makes them when there are none."},
    {"tevt_mask", Kind::number, &parsed.tevt_mask, "MASK", "0",
     "With tbuf_size: tracing starts at boot, of these events (public/trace.h), as 0x0002f000 for the scheduler's."},
    {"xsm", Kind::text, &parsed.xsm, "dummy, silo", "dummy",
     "The access policy. silo: unprivileged guests can talk to the control and hardware domains only."},
    {"gnttab_max_frames", Kind::number, &parsed.gnttab_max_frames, "N", "64", "Most grant-table frames of a domain."},
    {"gnttab_max_maptrack_frames", Kind::number, &parsed.gnttab_max_maptrack_frames, "N", "1024",
     "Most frames that track a domain's mappings of others' grants."},
    {"iommu", Kind::text, &parsed.iommu, "BOOL and Xen's other words, several with commas", "off",
     "Ignored, with a warning that says so when it asks for an IOMMU: there is no support for one yet."},
    {"cpuid", Kind::text, &parsed.cpuid, "[no-]FEATURE, several with commas", "all that the CPU has", "no-FEATURE hides the feature, and those that need it, from dom0 and every guest. Names as xen-cpuid shows them."},
    {"x2apic", Kind::boolean, &parsed.x2apic, "BOOL", "on", "Use x2APIC mode where the processors have it."},
    {"nmi", Kind::text, &parsed.nmi, "ignore, dom0, fatal", "dom0; in debug builds fatal",
     "An NMI of the machine: a warning, one for dom0 as well, or a panic. With the watchdog on, those without a reason in port 0x61 are its own."},
    {"placeholder", Kind::ignored, nullptr, "", "", "Ignored: boot loaders put it first."},
    {"no-real-mode", Kind::ignored, nullptr, "", "", "Ignored: real mode is not used."},
    {"edd", Kind::ignored, nullptr, "", "", "Ignored: BIOS disk data is not read."},
};

constexpr usize kCount = sizeof(kOptions) / sizeof(kOptions[0]);

}  // namespace

Table table() { return {kOptions, kCount}; }

Str nearest(Str name) { return nearest_name(name, table()); }

}  // namespace xen::option
