// SPDX-License-Identifier: MIT
#include "arch/arm/dom0/tree.hpp"

#include <asm/gic.hpp>
#include <asm/trap.hpp>

#include "arch/arm/dom0/passing.hpp"

namespace xen::dom0 {
namespace {

using device_tree::Builder;
using device_tree::CellList;
using device_tree::Node;
using device_tree::Property;
using device_tree::Range;

Range range_of(const Bank& b) { return {address_of(b.first).raw(), b.pages << kPageShift}; }
Range range_of(const gic::Region& r) { return {r.start.raw(), r.bytes}; }

class Writer {
public:
    Writer(const device_tree::Tree& machine, const TreeFacts& facts, std::span<u8> space)
        : machine_{machine}, facts_{facts}, out_{space}, address_{machine.root().address_cells()}, size_{machine.root().size_cells()} {}

    Result<Bytes> write() {
        out_.begin("");
        copy_properties(machine_.root());
        chosen();
        hypervisor();
        memory();
        psci();
        cpus();
        copy_children(machine_.root());
        out_.end();
        return out_.finish();
    }

private:
    void copy_properties(Node n) {
        for (Property p : n.properties())
            if (!is_hidden(p.name)) out_.property(p.name, p.value);
    }

    void copy_children(Node of) {
        for (Node n : of.children()) {
            switch (passing_of(n)) {
            case Passing::absent: break;
            case Passing::controller: controller(n); break;
            case Passing::timer: timer(n); break;
            default: copy(n);
            }
        }
    }

    void copy(Node n) {
        out_.begin(n.c_name());
        copy_properties(n);
        copy_children(n);
        out_.end();
    }

    void reg_of(const Banks& banks) {
        CellList reg;
        for (const Bank& b : banks) reg.add(range_of(b), address_, size_);
        out_.cells_of("reg", reg);
    }

    void chosen() {
        out_.begin("chosen");
        if (!facts_.command_line.empty()) out_.text("bootargs", facts_.command_line);
        if (facts_.ramdisk_end) {
            out_.number("linux,initrd-start", facts_.ramdisk_start, 2);
            out_.number("linux,initrd-end", facts_.ramdisk_end, 2);
        }
        seeds();
        out_.end();
    }

    // Randomness from the boot loader. Linux without it lays its linear map so that the memory it adds for its balloon, at the lowest
    // address nobody claims, is outside (WARN in vmemmap_populate).
    void seeds() {
        auto chosen = machine_.find("/chosen");
        if (!chosen) return;
        for (Str name : {Str{"kaslr-seed"}, Str{"rng-seed"}})
            if (auto seed = chosen->property(name)) out_.property(seed->name, seed->value);
    }

    // Linux, Documentation/devicetree/bindings/arm/xen.txt: first the grant table's place, then the spaces for others' pages.
    void hypervisor() {
        out_.begin("hypervisor");
        out_.texts("compatible", {"xen,xen-4.17", "xen,xen"});
        CellList reg;
        reg.add(range_of(facts_.grants), address_, size_);
        for (const Bank& b : facts_.spaces) reg.add(range_of(b), address_, size_);
        out_.cells_of("reg", reg);
        // The GIC's binding: a PPI counts from interrupt 16 on; level, active low, for any CPU.
        constexpr u32 kPpi = 1, kFirstPpi = 16, kLevelLow = 0xf08;
        out_.cells("interrupts", {kPpi, facts_.event_ppi - kFirstPpi, kLevelLow});
        if (auto phandle = controller_phandle()) out_.number("interrupt-parent", *phandle);
        out_.end();
    }

    Maybe<u32> controller_phandle() const {
        for (Maybe<Node> n = machine_.root().next(); n; n = n->next())
            if (passing_of(*n) == Passing::controller) return n->phandle();
        return nothing;
    }

    void memory() {
        char name[32];
        out_.begin(device_tree::name_with_unit(name, "memory", range_of(facts_.banks[0]).start));
        out_.text("device_type", "memory");
        reg_of(facts_.banks);
        out_.end();
    }

    void psci() {
        out_.begin("psci");
        out_.texts("compatible", {"arm,psci-1.0", "arm,psci-0.2"});
        out_.text("method", "hvc");
        out_.end();
    }

    // As many as it has, each like the machine's first.
    void cpus() {
        out_.begin("cpus");
        out_.number("#address-cells", 1);
        out_.number("#size-cells", 0);
        Maybe<Node> first = first_cpu();
        for (u32 i = 0; i < facts_.vcpus; ++i) {
            u64 affinity = guest::affinity_of(VcpuId{i});
            char name[32];
            out_.begin(device_tree::name_with_unit(name, "cpu", affinity));
            out_.text("device_type", "cpu");
            auto model = first ? first->property("compatible") : Maybe<Property>{};
            if (model) out_.property("compatible", model->value);
            else out_.text("compatible", "arm,armv8");
            out_.text("enable-method", "psci");
            out_.number("reg", affinity);
            out_.end();
        }
        out_.end();
    }

    Maybe<Node> first_cpu() const {
        auto cpus = machine_.find("/cpus");
        if (!cpus) return nothing;
        for (Node n : cpus->children())
            if (auto kind = n.text("device_type"); kind && *kind == Str{"cpu"}) return n;
        return nothing;
    }

    // Distributor and what CPUs use; no maintenance interrupt, no ITS.
    void controller(Node n) {
        out_.begin(n.c_name());
        for (Property p : n.properties())
            if (Str name{p.name}; !(name == Str{"reg"}) && !(name == Str{"interrupts"}) && !is_hidden(name)) out_.property(p.name, p.value);
        const gic::Layout& l = gic::layout();
        CellList reg;
        reg.add(range_of(l.distributor), address_, size_);
        if (l.version == gic::Version::v2) reg.add(range_of(l.cpu_interface), address_, size_);
        for (const gic::Region& r : l.redistributors) reg.add(range_of(r), address_, size_);
        out_.cells_of("reg", reg);
        copy_children(n);
        out_.end();
    }

    // Its interrupts up to the virtual timer's: secure, non-secure, virtual. The hypervisor's own is not told.
    void timer(Node n) {
        constexpr usize kCells = 3, kTold = 3;
        out_.begin(n.c_name());
        for (Property p : n.properties()) {
            bool lines = Str{p.name} == Str{"interrupts"};
            usize bytes = lines && p.value.size() > kTold * kCells * 4 ? kTold * kCells * 4 : p.value.size();
            out_.property(p.name, Bytes{p.value.data(), bytes});
        }
        out_.end();
    }

    const device_tree::Tree& machine_;
    const TreeFacts& facts_;
    Builder out_;
    usize address_, size_;
};

}  // namespace

Result<Bytes> write_tree(const device_tree::Tree& machine, const TreeFacts& facts, std::span<u8> space) {
    return Writer{machine, facts, space}.write();
}

}  // namespace xen::dom0
