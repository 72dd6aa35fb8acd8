// SPDX-License-Identifier: MIT
// The order in which the machine's parts start.
#include "arch/x86/platform/state.hpp"

#include <asm/cpu.hpp>
#include <asm/mapping.hpp>
#include <xen/apic.hpp>
#include <xen/console.hpp>
#include <xen/cpumask.hpp>
#include <xen/irq.hpp>
#include <xen/log.hpp>
#include <xen/numa.hpp>
#include <xen/pci.hpp>
#include <xen/serial.hpp>
#include <xen/vga.hpp>

#include "arch/x86/platform/cpu_list.hpp"
#include "drivers/apic/local.hpp"
#include "drivers/ioapic/i8259.hpp"

namespace xen::platform {
namespace {

acpi::Tables found;
CpuList list;

const void* map_table(Paddr at, usize bytes) { return arch::map_firmware(at, bytes); }

// With the local APIC's mode chosen.
void list_cpus() {
    number_cpus(found.madt, apic::initial_id(), apic::largest_id(), list);
    if (list.left_out) log_warning("%u CPUs more than the %u that this build can use are left out", list.left_out, kMaxCpus);
    if (list.unreachable)
        log_warning("%u CPUs with APIC ids above %u are left out: only x2APIC mode reaches them", list.unreachable, apic::largest_id());
}

// Proximity domains are numbered as they come; nodes are small and dense.
class Nodes {
public:
    Maybe<NodeId> node_of(u32 domain) {
        for (usize i = 0; i < domains_.size(); ++i)
            if (domains_[i] == domain) return NodeId{static_cast<u8>(i)};
        if (!domains_.push(domain)) {
            any_left_out_ = true;
            return nothing;
        }
        return NodeId{static_cast<u8>(domains_.size() - 1)};
    }
    usize count() const { return domains_.size(); }
    u32 domain(usize i) const { return domains_[i]; }
    bool any_left_out() const { return any_left_out_; }

private:
    FixedVector<u32, numa::kMaxNodes> domains_;
    bool any_left_out_ = false;
};

void describe_memory(Nodes& nodes) {
    for (const acpi::MemoryAffinity& m : found.srat.memory)
        if (Maybe<NodeId> n = nodes.node_of(m.domain); n && !m.hotplug)
            numa::add_range(*n, frame_of(m.start), frame_of(m.start + m.bytes));
}

void describe_cpus(Nodes& nodes) {
    for (const acpi::CpuAffinity& a : found.srat.cpus) {
        Maybe<NodeId> n = nodes.node_of(a.domain);
        for (usize i = 0; n && i < list.cpus.size(); ++i) {
            if (list.cpus[i].apic_id != a.apic_id) continue;
            list.cpus[i].node = *n;
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
    if (nodes.any_left_out())
        log_warning("more NUMA nodes than the %u that this build can tell apart: the rest counts as node 0", numa::kMaxNodes);
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
    found.madt.keep = apic::initial_id();
    Status read = acpi::read_tables(hints, map_table, found);
    if (!read) log_warning("ACPI: no tables (%u): one CPU, no I/O APIC", static_cast<unsigned>(read.error()));
    else log_info("ACPI: RSDP %#llx, %zu CPUs, %zu I/O APICs", static_cast<unsigned long long>(found.rsdp.raw()),
                  found.madt.cpus.size(), found.madt.io_apics.size());
    // First: QEMU forgets a request of the 8259 that is still there when the local APIC no longer listens, and then
    // delivers a vector that is none.
    i8259::mask_all();
    apic::init_boot();
    list_cpus();
    describe_numa(boot);
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
std::span<const CpuEntry> cpus() { return {list.cpus.data(), list.cpus.size()}; }

void send_init(u32 apic_id) {
    note_before_start();
    apic::send_init(apic_id);
}
void send_startup(u32 apic_id, u8 page) { apic::send_startup(apic_id, page); }

}  // namespace xen::platform
