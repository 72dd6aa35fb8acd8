// SPDX-License-Identifier: MIT
#include "arch/arm/dom0/tree.hpp"

#include <asm/gic.hpp>

#include "arch/arm/dom0/passing.hpp"

namespace xen::dom0 {
namespace {

using device_tree::Builder;
using device_tree::CellList;
using device_tree::Node;
using device_tree::Property;
using device_tree::Range;

Range range_of(const gic::Region& r) { return {r.start.raw(), r.bytes}; }

class Writer {
public:
    Writer(const device_tree::Tree& machine, const TreeFacts& facts, std::span<u8> space)
        : machine_{machine}, facts_{facts}, out_{space}, cells_{machine.root().address_cells(), machine.root().size_cells()} {}

    Result<Bytes> write() {
        out_.begin("");
        copy_properties(machine_.root());
        chosen();
        hypervisor();
        write_memory(out_, {facts_.memory.data(), facts_.memory.size()}, cells_);
        guest_build::write_psci(out_);
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

    // Randomness from the boot loader. Linux without it lays its linear map so that the memory it adds for its balloon, at the lowest
    // address nobody claims, is outside (WARN in vmemmap_populate).
    void chosen() {
        guest_build::Chosen c = facts_.chosen;
        if (auto machines = machine_.find("/chosen"))
            for (Str name : {Str{"kaslr-seed"}, Str{"rng-seed"}})
                if (auto seed = machines->property(name)) (void)c.seeds.push(*seed);
        write_chosen(out_, c);
    }

    void hypervisor() {
        write_hypervisor(out_, {facts_.grants, {facts_.spaces.data(), facts_.spaces.size()}, facts_.event_ppi, controller_phandle()}, cells_);
    }

    Maybe<u32> controller_phandle() const {
        for (Maybe<Node> n = machine_.root().next(); n; n = n->next())
            if (passing_of(*n) == Passing::controller) return n->phandle();
        return nothing;
    }

    // As many as it has, each like the machine's first.
    void cpus() {
        Maybe<Node> first = first_cpu();
        auto model = first ? first->property("compatible") : Maybe<Property>{};
        guest_build::write_cpus(out_, facts_.vcpus, model ? model->value : guest_build::any_model());
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
        reg.add(range_of(l.distributor), cells_.address, cells_.size);
        if (l.version == gic::Version::v2) reg.add(range_of(l.cpu_interface), cells_.address, cells_.size);
        for (const gic::Region& r : l.redistributors) reg.add(range_of(r), cells_.address, cells_.size);
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
    guest_build::RootCells cells_;
};

}  // namespace

Result<Bytes> write_tree(const device_tree::Tree& machine, const TreeFacts& facts, std::span<u8> space) {
    return Writer{machine, facts, space}.write();
}

}  // namespace xen::dom0
