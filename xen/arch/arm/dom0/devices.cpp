// SPDX-License-Identifier: MIT
#include "arch/arm/dom0/devices.hpp"

#include <asm/p2m.hpp>
#include <asm/vgic.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>
#include <xen/rangeset.hpp>

#include "arch/arm/dom0/passing.hpp"

namespace xen::dom0 {
namespace {

using device_tree::Cells;
using device_tree::Node;
using device_tree::Range;

// A window may be larger than the address space: what is beyond it stays away. What lies on RAM (a description of memory that a
// device uses) is dom0's or nobody's already.
Status give_window(Domain& d, Node n, Range r) {
    u64 first = r.start >> kPageShift, end = (r.start + r.bytes + kPageSize - 1) >> kPageShift;
    u64 limit = u64{1} << (p2m::ipa_bits() - kPageShift);
    if (r.bytes == 0 || r.start + r.bytes < r.start) return {};
    if (end > limit) {
        log_warning("dom0: %.*s reaches beyond %u address bits", static_cast<int>(n.name().size()), n.name().data(), p2m::ipa_bits());
        end = limit;
    }
    if (first >= end || memory::is_ram(Mfn{first})) return {};
    TRY(d.io_memory->add(first, end - 1));
    return p2m::map(d, Gfn{first}, Mfn{first}, end - first, p2m::Type::device_as_mapped);
}

// A cell list of the GIC's (its binding): 0 for SPIs, the number, the trigger.
void give_line(Domain& d, Node n, u32 kind, u32 number) {
    if (kind != 0) return;   // PPIs are each CPU's own
    u32 spi = number + vgic::kSpiBase;
    Status s = d.irqs->add(spi, spi);
    if (s) s = vgic::route(d, spi);
    if (!s && s.error() != Errno::busy)   // shared: routed already
        log_warning("dom0: interrupt %u of %.*s cannot be given: errno %u", spi, static_cast<int>(n.name().size()), n.name().data(),
                    static_cast<unsigned>(s.error()));
}

void give_lines(Domain& d, Node n) {
    for (usize i = 0;; ++i) {
        auto irq = n.interrupt(i);
        if (!irq) return;
        const auto& cells = irq.value().cells;
        if (passing_of(irq.value().controller) == Passing::controller && cells.size() >= 2) give_line(d, n, cells[0], cells[1]);
    }
}

// PCI host bridges: windows in `ranges` (PCI Bus Binding 2.1: three cells of PCI address), pins in `interrupt-map`.
struct Bridge {
    static constexpr usize kPciCells = 3;

    Domain& d;
    Node n;

    Status windows() const {
        usize parent = n.parent()->address_cells(), size = n.size_cells(), step = kPciCells + parent + size;
        Cells c = n.cells("ranges");
        for (usize at = 0; at + step <= c.size(); at += step) {
            auto start = c.number(at + kPciCells, parent), bytes = c.number(at + kPciCells + parent, size);
            if (start && bytes) TRY(give_window(d, n, {*start, *bytes}));
        }
        return {};
    }

    // Entries: address and pin here, the controller's phandle, address and specifier there.
    void pins(const device_tree::Tree& tree) const {
        Cells c = n.cells("interrupt-map");
        for (usize at = 0; at + kPciCells + 2 <= c.size();) {
            auto controller = tree.by_phandle(c[at + kPciCells + 1]);
            if (!controller) return;
            usize address = controller->has("#address-cells") ? controller->address_cells() : 0;
            u64 cells = controller->number("#interrupt-cells").value_or(0);
            at += kPciCells + 2 + address;
            if (cells < 2 || at + cells > c.size()) return;
            if (passing_of(*controller) == Passing::controller) give_line(d, n, c[at], c[at + 1]);
            at += cells;
        }
    }
};

Status give(Domain& d, const device_tree::Tree& tree, Node n) {
    for (usize i = 0; i < n.reg_count(); ++i)
        if (auto r = n.machine_reg(i)) TRY(give_window(d, n, r.value()));
    give_lines(d, n);
    auto kind = n.text("device_type");
    if (!kind || !(*kind == Str{"pci"})) return {};
    Bridge b{d, n};
    b.pins(tree);
    return b.windows();
}

Status give_below(Domain& d, const device_tree::Tree& tree, Node parent) {
    for (Node n : parent.children()) {
        Passing p = passing_of(n);
        if (p == Passing::absent || p == Passing::controller || p == Passing::timer) continue;
        if (p == Passing::device) TRY(give(d, tree, n));
        if (n.enabled()) TRY(give_below(d, tree, n));
    }
    return {};
}

}  // namespace

Status give_devices(Domain& d, const device_tree::Tree& tree) { return give_below(d, tree, tree.root()); }

}  // namespace xen::dom0
