// SPDX-License-Identifier: MIT
// dom0's device tree: the machine's, without what the hypervisor drives or hides, with dom0's own memory, processors, interrupt
// controller and PSCI, and the node by which Linux finds Xen (Documentation/devicetree/bindings/arm/xen.txt).
#include <asm/gic.hpp>
#include <asm/trap.hpp>
#include <xen/boot_tree.hpp>
#include <xen/event.hpp>

#include "arch/arm/dom0/dom0.hpp"
#include "drivers/serial/pl011.hpp"

namespace xen::dom0 {
namespace {

using device_tree::Builder;
using device_tree::CellList;
using device_tree::Node;
using device_tree::Property;

constexpr u32 kPpi = 1, kLevelLow = 8;
constexpr unsigned kEventPpi = 0;             // of the tree's counting: interrupt 16
constexpr u64 kGrantBytes = 0x40000;

bool is_gic(Node n) {
    return n.has("interrupt-controller") && (n.compatible("arm,gic-v3") || n.compatible("arm,gic-400") || n.compatible("arm,cortex-a15-gic"));
}

struct Writer {
    const Domain& d;
    const BootInfo& boot;
    const Banks& banks;
    const Places& places;
    Builder b;
    usize address_cells = 2, size_cells = 2;

    void copy_properties(Node n) {
        for (Property p : n.properties())
            if (!skip(n, p)) b.property(p.name, p.value);
    }
    // ABI: a machine's GIC under a hypervisor has no virtualization of its own to offer.
    static bool skip(Node n, const Property& p) {
        Str name{p.name};
        if (is_gic(n)) return name == "reg" || name == "interrupts" || name == "#redistributor-regions" || name == "ranges";
        return name == "linux,phandle" || name == "kaslr-seed" || name == "rng-seed";
    }

    void gic_registers(Node n) {
        const gic::Layout& l = gic::layout();
        CellList regs;
        auto add = [&](const gic::Region& r) { regs.add({r.start.raw(), r.bytes}, address_cells, size_cells); };
        add(l.distributor);
        if (l.version == gic::Version::v2) add(l.cpu_interface);
        else
            for (const gic::Region& r : l.redistributors) add(r);
        if (l.version == gic::Version::v3) b.number("#redistributor-regions", l.redistributors.size());
        b.cells_of("reg", regs);
        if (n.has("ranges")) b.flag("ranges");
    }

    void memory_node() {
        char space[32];
        b.begin(device_tree::name_with_unit(space, "memory", address_of(banks[0].first).raw()));
        b.text("device_type", "memory");
        CellList regs;
        for (const Bank& k : banks) regs.add({address_of(k.first).raw(), k.frames << kPageShift}, address_cells, size_cells);
        b.cells_of("reg", regs);
        b.end();
    }

    void cpus_node() {
        b.begin("cpus");
        b.number("#address-cells", 1);
        b.number("#size-cells", 0);
        for (u32 i = 0; i < d.max_vcpus; ++i) {
            char space[16];
            u64 affinity = guest::affinity_of(VcpuId{i});
            b.begin(device_tree::name_with_unit(space, "cpu", affinity));
            b.text("device_type", "cpu");
            b.text("compatible", "arm,armv8");
            b.text("enable-method", "psci");
            b.number("reg", affinity);
            b.end();
        }
        b.end();
    }

    void psci_node() {
        b.begin("psci");
        b.texts("compatible", {"arm,psci-1.0", "arm,psci-0.2", "arm,psci"});
        b.text("method", "hvc");
        b.end();
    }

    void hypervisor_node() {
        b.begin("hypervisor");
        b.texts("compatible", {"xen,xen-4.17", "xen,xen"});
        b.cells_of("reg", CellList{}.add({boot.image_start.raw(), kGrantBytes}, address_cells, size_cells));
        b.cells("interrupts", {kPpi, kEventPpi, kLevelLow});
        b.end();
    }

    void chosen_node() {
        b.begin("chosen");
        b.text("bootargs", boot.modules[0].cmdline);
        if (places.ramdisk_bytes) {
            b.number("linux,initrd-start", places.ramdisk.raw(), 2);
            b.number("linux,initrd-end", places.ramdisk.raw() + places.ramdisk_bytes, 2);
        }
        b.end();
    }

    void copy(Node n) {
        b.begin(n.c_name());
        copy_properties(n);
        if (is_gic(n)) gic_registers(n);
        for (Node c : n.children())
            if (!is_hidden(c)) copy(c);
        b.end();
    }
};

}  // namespace

bool is_hidden(Node n) {
    Str base = n.base_name();
    if (auto console = serial::console_node(); console && *console == n) return true;
    return n.text("device_type").value_or(Str{}) == "memory" || base == "chosen" || base == "cpus" || base == "psci" ||
           n.compatible("arm,gic-v3-its") || n.compatible("arm,armv8-pmuv3") || n.compatible("arm,smmu-v3") || base == "hypervisor";
}

Result<Bytes> write_tree(const Domain& d, const BootInfo& boot, const Banks& banks, const Places& places, std::span<u8> to) {
    Node root = boot::tree().root();
    Writer w{d, boot, banks, places, Builder{to}, root.address_cells(), root.size_cells()};
    w.b.begin("");
    w.copy_properties(root);
    w.hypervisor_node();
    w.memory_node();
    w.cpus_node();
    w.psci_node();
    w.chosen_node();
    for (Node n : root.children())
        if (!is_hidden(n)) w.copy(n);
    w.b.end();
    return w.b.finish();
}

}  // namespace xen::dom0
