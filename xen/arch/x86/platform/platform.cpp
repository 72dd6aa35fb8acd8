// SPDX-License-Identifier: MIT
// The order in which the machine's parts start.
#include "arch/x86/platform/state.hpp"

#include <asm/cpu.hpp>
#include <asm/mapping.hpp>
#include <xen/apic.hpp>
#include <xen/console.hpp>
#include <xen/irq.hpp>
#include <xen/log.hpp>
#include <xen/numa.hpp>
#include <xen/pci.hpp>
#include <xen/serial.hpp>
#include <xen/vga.hpp>

#include "drivers/apic/local.hpp"
#include "drivers/ioapic/i8259.hpp"

namespace xen::platform {
namespace {

acpi::Tables found;
FixedVector<CpuEntry, config::nr_cpus> list;

const void* map_table(Paddr at, usize bytes) { return arch::map_firmware(at, bytes); }

// The boot CPU is CPU 0, wherever the firmware lists it.
void number_cpus() {
    u32 boot_id = apic::initial_id();
    static_cast<void>(list.push({boot_id, 0, NodeId{0}, true}));
    for (const CpuEntry& c : found.madt.cpus) {
        if (c.apic_id == boot_id) list[0] = c;
        else if (!list.push(c)) ++found.madt.cpus_left_out;
    }
    list[0].enabled = true;
    if (found.madt.cpus_left_out)
        log_warning("%u CPUs more than this build can use are left out", found.madt.cpus_left_out);
}

// Proximity domains are numbered as they come; nodes are small and dense.
class Nodes {
public:
    Maybe<NodeId> node_of(u32 domain) {
        for (usize i = 0; i < domains_.size(); ++i)
            if (domains_[i] == domain) return NodeId{static_cast<u8>(i)};
        if (!domains_.push(domain)) return nothing;
        return NodeId{static_cast<u8>(domains_.size() - 1)};
    }
    usize count() const { return domains_.size(); }
    u32 domain(usize i) const { return domains_[i]; }

private:
    FixedVector<u32, numa::kMaxNodes> domains_;
};

void describe_memory(Nodes& nodes) {
    for (const acpi::MemoryAffinity& m : found.srat.memory)
        if (Maybe<NodeId> n = nodes.node_of(m.domain); n && !m.hotplug)
            numa::add_range(*n, frame_of(m.start), frame_of(m.start + m.bytes));
}

void describe_cpus(Nodes& nodes) {
    for (const acpi::CpuAffinity& a : found.srat.cpus) {
        Maybe<NodeId> n = nodes.node_of(a.domain);
        for (usize i = 0; n && i < list.size(); ++i) {
            if (list[i].apic_id != a.apic_id) continue;
            list[i].node = *n;
            numa::set_cpu(CpuId{static_cast<u32>(i)}, *n);
        }
    }
}

void describe_distances(const Nodes& nodes) {
    for (usize i = 0; i < nodes.count(); ++i)
        for (usize j = 0; j < nodes.count(); ++j) {
            u32 from = nodes.domain(i), to = nodes.domain(j);
            if (from >= found.slit.count || to >= found.slit.count) continue;
            numa::set_distance(NodeId{static_cast<u8>(i)}, NodeId{static_cast<u8>(j)}, found.slit.distance[from][to]);
        }
}

// ABI: without a SRAT one node spans all memory (XEN_SYSCTL_numainfo gives spanned, not present, memory).
void describe_one_node(const BootInfo& boot) {
    Paddr end{};
    for (usize i = 0; i < boot.memory_count; ++i)
        if (boot.memory[i].type == MemoryType::ram && boot.memory[i].end() > end) end = boot.memory[i].end();
    numa::add_range(NodeId{0}, Mfn{0}, frame_of(end));
}

void describe_numa(const BootInfo& boot) {
    if (!found.has_srat) return describe_one_node(boot);
    Nodes nodes;
    describe_memory(nodes);
    describe_cpus(nodes);
    if (found.has_slit) describe_distances(nodes);
}

}  // namespace

void init_consoles(const BootInfo& boot) {
    serial::init();
    vga::init(boot);
}

void init_emergency_console() {
    serial::init();
    console::init();
}

void init_early(const BootInfo& boot) {
    warn_of_missing_iommu();
    acpi::RootHints hints{.efi = boot.efi, .copy = boot.rsdp};
    if (boot.efi_system_table) hints.system_table = acpi::EfiSystemTable{*boot.efi_system_table, boot.efi_wide};
    Status read = acpi::read_tables(hints, map_table, found);
    if (!read) log_warning("ACPI: no tables (%u): one CPU, no I/O APIC", static_cast<unsigned>(read.error()));
    else log_info("ACPI: RSDP %#llx, %zu CPUs, %zu I/O APICs", static_cast<unsigned long long>(found.rsdp.raw()),
                  found.madt.cpus.size(), found.madt.io_apics.size());
    number_cpus();
    describe_numa(boot);
    // First: QEMU forgets a request of the 8259 that is still there when the local APIC no longer listens, and then
    // delivers a vector that is none.
    i8259::mask_all();
    apic::init_boot();
    apic::init_cpu();
    for (const acpi::McfgEntry& e : found.mcfg) pci::add_window(e.base, e.segment, e.first_bus, e.last_bus);
}

void init_irqs() {
    irq::init();
    init_stop();
    init_nmi();
    init_keys();
}

void init_cpu() {
    apic::init_cpu();
    apic::init_timer();
    check_counter();
    watch_this_cpu();
}

void init_late() {
    serial::init_interrupts();
    start_refinement();
    start_watchdog();
}

const acpi::Tables& tables() { return found; }
std::span<const CpuEntry> cpus() { return {list.data(), list.size()}; }

void send_init(u32 apic_id) {
    note_before_start();
    apic::send_init(apic_id);
}
void send_startup(u32 apic_id, u8 page) { apic::send_startup(apic_id, page); }

}  // namespace xen::platform
