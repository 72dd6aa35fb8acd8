// SPDX-License-Identifier: MIT
#include "arch/arm/guest_build/partition_tree.hpp"

#include <public/arch-arm.h>
#include <public/device_tree_defs.h>

namespace xen::guest_build {
namespace {

using device_tree::CellList;

constexpr RootCells kCells{2, 2};

void add_region(CellList& reg, const vgic::Region& r) {
    if (r.bytes) reg.add(Range{r.base, r.bytes}, kCells.address, kCells.size);
}

// A partial tree refers to the interrupt controller by the handle of its own node /gic.
u32 controller_handle(const Board& b) {
    auto gic = b.devices ? b.devices->child("gic") : nothing;
    return gic ? gic->phandle().value_or(GUEST_PHANDLE_GIC) : GUEST_PHANDLE_GIC;
}

void write_controller(Builder& out, const Board& b) {
    const vgic::Layout& l = b.controller;
    char name[40];
    out.begin(device_tree::name_with_unit(name, "interrupt-controller", l.distributor.base));
    if (b.version == vgic::Version::v3) out.text("compatible", "arm,gic-v3");
    else out.texts("compatible", {"arm,gic-400", "arm,cortex-a15-gic"});
    out.number("#interrupt-cells", 3);
    out.number("#address-cells", 0);
    out.flag("interrupt-controller");
    CellList reg;
    add_region(reg, l.distributor);
    if (b.version == vgic::Version::v2) add_region(reg, l.cpu_interface);
    else
        for (const vgic::Region& r : l.redistributors) add_region(reg, r);
    out.cells_of("reg", reg);
    out.number("phandle", controller_handle(b));
    out.end();
}

void write_timer(Builder& out) {
    out.begin("timer");
    out.text("compatible", "arm,armv8-timer");
    CellList interrupts;
    for (unsigned ppi : {GUEST_TIMER_PHYS_S_PPI, GUEST_TIMER_PHYS_NS_PPI, GUEST_TIMER_VIRT_PPI}) add_ppi(interrupts, ppi);
    out.cells_of("interrupts", interrupts);
    out.end();
}

// Linux, Documentation/devicetree/bindings/serial/arm_sbsa_uart.txt.
void write_uart(Builder& out, const Uart& u) {
    char name[40];
    out.begin(device_tree::name_with_unit(name, "sbsa-uart", u.base));
    out.text("compatible", "arm,sbsa-uart");
    CellList reg, interrupts;
    reg.add(Range{u.base, GUEST_PL011_SIZE}, kCells.address, kCells.size);
    out.cells_of("reg", reg);
    add_spi(interrupts, u.spi);
    out.cells_of("interrupts", interrupts);
    out.number("current-speed", 115200);
    out.end();
}

// Linux, Documentation/devicetree/bindings/reserved-memory/xen,shared-memory.txt.
void write_regions(Builder& out, const Board& b) {
    if (b.regions.empty()) return;
    out.begin("reserved-memory");
    out.number("#address-cells", kCells.address);
    out.number("#size-cells", kCells.size);
    out.flag("ranges");
    for (const Region& r : b.regions) {
        char name[40];
        out.begin(device_tree::name_with_unit(name, "xen-shmem", r.at.start));
        out.text("compatible", "xen,shared-memory-v1");
        out.cells_of("reg", CellList{}.add(r.at, kCells.address, kCells.size));
        out.text("xen,id", r.id);
        out.end();
    }
    out.end();
}

// What says how a device is given is not the guest's.
bool is_for_the_hypervisor(Str property) {
    for (Str name : {Str{"xen,reg"}, Str{"xen,path"}, Str{"xen,force-assign-without-iommu"}})
        if (property == name) return true;
    return false;
}

void copy(Builder& out, device_tree::Node n) {
    out.begin(n.c_name());
    for (device_tree::Property p : n.properties())
        if (!is_for_the_hypervisor(p.name)) out.property(p.name, p.value);
    for (device_tree::Node child : n.children()) copy(out, child);
    out.end();
}

void copy_devices(Builder& out, const Board& b) {
    if (!b.devices) return;
    for (Str name : {Str{"aliases"}, Str{"passthrough"}})
        if (auto n = b.devices->child(name)) copy(out, *n);
}

}  // namespace

Result<Bytes> write_partition_tree(const Board& b, std::span<u8> space) {
    Builder out{space};
    out.begin("");
    out.text("model", "XENVM-4.17");
    out.texts("compatible", {"xen,xenvm-4.17", "xen,xenvm"});
    out.number("interrupt-parent", controller_handle(b));
    out.number("#address-cells", kCells.address);
    out.number("#size-cells", kCells.size);
    write_chosen(out, b.chosen);
    write_psci(out);
    write_cpus(out, b.vcpus, any_model());
    write_memory(out, b.memory, kCells);
    write_controller(out, b);
    write_timer(out);
    if (b.uart) write_uart(out, *b.uart);
    if (b.hypervisor) write_hypervisor(out, {b.grants, b.spaces, b.controller.event_interrupt, nothing}, kCells);
    write_regions(out, b);
    copy_devices(out, b);
    out.end();
    return out.finish();
}

}  // namespace xen::guest_build
