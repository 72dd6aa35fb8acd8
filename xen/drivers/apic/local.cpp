// SPDX-License-Identifier: MIT
// The local APIC: set-up of a CPU, end of interrupt, interrupts to other CPUs.
#include "drivers/apic/local.hpp"

#include <asm/cpu.hpp>
#include <asm/interrupt.hpp>
#include <xen/apic.hpp>
#include <xen/log.hpp>
#include <xen/option.hpp>
#include <xen/percpu.hpp>
#include <xen/platform.hpp>

#include "drivers/apic/registers.hpp"

namespace xen::apic {
namespace {

constexpr u32 kSoftwareEnable = 1 << 8;
constexpr u32 kCommandBusy = 1 << 12, kAssert = 1 << 14;
constexpr u32 kDeliverInit = 5 << 8, kDeliverStartup = 6 << 8;
constexpr u32 kX2CommandMsr = 0x830;
constexpr u32 kLargestXapicId = 0xfe, kLargestX2apicId = 0xfffffffe;   // all ones: every CPU

bool want_x2 = false;
XEN_PERCPU constinit PerCpu<u32> errors{};

void wait_idle() {
    for (unsigned i = 0; (read(kCommandLow) & kCommandBusy) && i < 100000; ++i) arch::relax();
}

// The two halves must not be torn by an interrupt that sends as well. The MSR is written past earlier stores: they go
// first (SDM 3A 10.12.3).
void command(u32 target, u32 low) {
    if (x2apic()) {
        arch::store_fence();
        return arch::wrmsr(kX2CommandMsr, u64{target} << 32 | low);
    }
    u64 flags = arch::irq_save();
    wait_idle();
    write(kCommandHigh, target << 24);
    write(kCommandLow, low);
    arch::irq_restore(flags);
}

// An NMI may have come between the halves of another command: it finds its half as it left it.
void command_in_nmi(u32 target, u32 low) {
    if (x2apic()) return command(target, low);
    u64 flags = arch::irq_save();
    u32 high = read(kCommandHigh);
    command(target, low);
    wait_idle();
    write(kCommandHigh, high);
    arch::irq_restore(flags);
}

// What firmware or a crashed kernel left in service would hold lower vectors back for ever.
void clear_in_service() {
    for (unsigned round = 0; round < 256; ++round) {
        bool any = false;
        for (u32 i = 0; i < 8; ++i) any |= read(static_cast<Reg>(kInService + i * 16)) != 0;
        if (!any) return;
        write(kEoi, 0);
    }
}

// NMI inputs as MADT wires them; without an entry LINT1, as PCs have it.
void setup_lints() {
    u32 lint[2] = {kMasked, kMasked};
    const auto& nmis = platform::tables().madt.local_nmis;
    if (nmis.empty()) lint[1] = kDeliverNmi;
    u32 me = platform::cpus().empty() ? 0 : platform::cpus()[arch::cpu_id().raw()].acpi_id;
    for (const acpi::LocalNmi& n : nmis)
        if (n.lint < 2 && (n.acpi_id == acpi::kAllCpus || n.acpi_id == me))
            lint[n.lint] = kDeliverNmi | (n.active_low ? 1u << 13 : 0);
    write(kLvtLint0, lint[0]);
    write(kLvtLint1, lint[1]);
}

void on_error() {
    write(kErrorStatus, 0);
    u32 status = read(kErrorStatus);
    if (errors.local()++ < 10) log_warning("APIC error %#x on CPU %u", status, arch::cpu_id().raw());
}

}  // namespace

// x2APIC wherever the processor has it, unless the user refuses; always where the firmware chose it or ids need it.
// Destinations are physical: devices reach ids up to 254 so without interrupt remapping.
void init_boot() {
    const acpi::Madt& madt = platform::tables().madt;
    bool offered = arch::cpuid(1).c & (1u << 21);
    want_x2 = enabled_x2apic() || (offered && option::values().x2apic);
    for (const acpi::CpuEntry& c : madt.cpus) want_x2 |= offered && c.enabled && c.apic_id > kLargestXapicId;
    if (!want_x2) attach(madt.local_apic);
    irq::set_direct_handler(vectors::kError, on_error);
    log_info("Local APIC in %s mode, physical destinations", want_x2 ? "x2APIC" : "xAPIC");
}

void init_cpu() {
    enable_this_cpu(want_x2);
    write(kTaskPriority, 0);
    if (!x2apic()) {
        write(kFormat, ~0u);
        write(kLogicalId, 0);
    }
    write(kLvtTimer, kMasked | vectors::kTimer);
    u32 last_entry = read(kVersion) >> 16 & 0xff;
    if (last_entry >= 4) write(kLvtCounters, kMasked);
    if (last_entry >= 5) write(kLvtThermal, kMasked);
    write(kSpuriousReg, kSoftwareEnable | vectors::kSpurious);
    clear_in_service();
    setup_lints();
    write(kTaskPriority, 0);  // it looks again what is pending: an 8259 line raised before LINT0 was masked is not
    write(kErrorStatus, 0);
    write(kLvtError, vectors::kError);
}

u32 largest_id() { return want_x2 ? kLargestX2apicId : kLargestXapicId; }

u32 id() { return x2apic() ? read(kId) : read(kId) >> 24; }

u32 initial_id() {
    u32 leaves = arch::cpuid(0).a;
    if (leaves >= 0xb) {
        arch::CpuidRegs r = arch::cpuid(0xb);
        if (r.b) return r.d;
    }
    return arch::cpuid(1).b >> 24;
}

u32 id_of(CpuId cpu) {
    auto list = platform::cpus();
    return cpu.raw() < list.size() ? list[cpu.raw()].apic_id : 0;
}

void eoi() { write(kEoi, 0); }

bool in_service(u8 vector) {
    return read(static_cast<Reg>(kInService + (vector / 32u) * 16)) >> (vector % 32u) & 1;
}

void send(CpuId cpu, u8 vector) { command(id_of(cpu), vector | kAssert); }

void send(const CpuMask& cpus, u8 vector) {
    for (usize cpu : cpus) send(CpuId{static_cast<u32>(cpu)}, vector);
}

void send_nmi(CpuId cpu) { command_in_nmi(id_of(cpu), kDeliverNmi | kAssert); }
void kick_self_in_nmi(u8 vector) { command_in_nmi(id(), vector | kAssert); }
void send_init(u32 apic_id) { command(apic_id, kDeliverInit | kAssert); }
void send_startup(u32 apic_id, u8 page) { command(apic_id, kDeliverStartup | kAssert | page); }

void dump(CpuId cpu) {
    log_line("CPU %u: APIC id %#x version %#x TPR %#x spurious %#x errors %u", cpu.raw(), id(), read(kVersion),
             read(kTaskPriority), read(kSpuriousReg), errors.local());
    log_line("  LVT timer %#x LINT0 %#x LINT1 %#x error %#x", read(kLvtTimer), read(kLvtLint0), read(kLvtLint1),
             read(kLvtError));
}

}  // namespace xen::apic
