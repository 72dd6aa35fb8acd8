// SPDX-License-Identifier: MIT
#include "arch/arm/guest_build/nodes.hpp"

#include <asm/trap.hpp>

namespace xen::guest_build {
namespace {

using device_tree::CellList;

void write_reg(Builder& out, std::span<const Range> ranges, RootCells cells) {
    CellList reg;
    for (const Range& r : ranges) reg.add(r, cells.address, cells.size);
    out.cells_of("reg", reg);
}

}  // namespace

Chosen chosen_of(Str command_line, const Places& p, u64 ramdisk_bytes) {
    if (!ramdisk_bytes) return {command_line, 0, 0, {}};
    return {command_line, p.ramdisk, p.ramdisk + ramdisk_bytes, {}};
}

void write_chosen(Builder& out, const Chosen& c) {
    out.begin("chosen");
    if (!c.command_line.empty()) out.text("bootargs", c.command_line);
    if (c.ramdisk_end) {
        out.number("linux,initrd-start", c.ramdisk_start, 2);
        out.number("linux,initrd-end", c.ramdisk_end, 2);
    }
    for (const device_tree::Property& seed : c.seeds) out.property(seed.name, seed.value);
    out.end();
}

void write_psci(Builder& out) {
    out.begin("psci");
    out.texts("compatible", {"arm,psci-1.0", "arm,psci-0.2"});
    out.text("method", "hvc");
    out.end();
}

Bytes any_model() {
    static constexpr u8 kModel[] = {'a', 'r', 'm', ',', 'a', 'r', 'm', 'v', '8', 0};
    return {kModel, sizeof kModel};
}

void write_cpus(Builder& out, u32 vcpus, Bytes model) {
    out.begin("cpus");
    out.number("#address-cells", 1);
    out.number("#size-cells", 0);
    for (u32 i = 0; i < vcpus; ++i) {
        u64 affinity = guest::affinity_of(VcpuId{i});
        char name[32];
        out.begin(device_tree::name_with_unit(name, "cpu", affinity));
        out.text("device_type", "cpu");
        out.property("compatible", model);
        out.text("enable-method", "psci");
        out.number("reg", affinity);
        out.end();
    }
    out.end();
}

void write_memory(Builder& out, std::span<const Range> banks, RootCells cells) {
    char name[32];
    out.begin(device_tree::name_with_unit(name, "memory", banks[0].start));
    out.text("device_type", "memory");
    write_reg(out, banks, cells);
    out.end();
}

// Linux, Documentation/devicetree/bindings/arm/xen.txt: first the grant table's place, then the spaces for others' pages.
void write_hypervisor(Builder& out, const Hypervisor& h, RootCells cells) {
    out.begin("hypervisor");
    out.texts("compatible", {"xen,xen-4.17", "xen,xen"});
    CellList reg;
    reg.add(h.grants, cells.address, cells.size);
    for (const Range& r : h.spaces) reg.add(r, cells.address, cells.size);
    out.cells_of("reg", reg);
    CellList interrupts;
    add_ppi(interrupts, h.event_ppi);
    out.cells_of("interrupts", interrupts);
    if (h.interrupt_parent) out.number("interrupt-parent", *h.interrupt_parent);
    out.end();
}

void add_ppi(CellList& cells, unsigned ppi) {
    constexpr u32 kPpi = 1, kFirst = 16, kLevelLow = 0xf08;   // for any CPU
    cells.add(kPpi).add(ppi - kFirst).add(kLevelLow);
}

void add_spi(CellList& cells, unsigned spi) {
    constexpr u32 kSpi = 0, kFirst = 32, kLevelHigh = 4;
    cells.add(kSpi).add(spi - kFirst).add(kLevelHigh);
}

}  // namespace xen::guest_build
