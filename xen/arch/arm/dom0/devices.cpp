// SPDX-License-Identifier: MIT
#include "arch/arm/dom0/devices.hpp"

#include <asm/gic.hpp>
#include <asm/irq.hpp>
#include <asm/p2m.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>
#include <xen/rangeset.hpp>

#include "arch/arm/dom0/passing.hpp"
#include "arch/arm/guest_build/passthrough.hpp"

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

// The windows of a PCI host bridge (PCI Bus Binding 2.1): three cells of PCI address, an address here, a size.
Status give_bridge_windows(Domain& d, Node n) {
    constexpr usize kPciCells = 3;
    usize parent = n.parent()->address_cells(), size = n.size_cells(), step = kPciCells + parent + size;
    Cells c = n.cells("ranges");
    for (usize at = 0; at + step <= c.size(); at += step) {
        auto start = c.number(at + kPciCells, parent), bytes = c.number(at + kPciCells + parent, size);
        if (start && bytes) TRY(give_window(d, n, {*start, *bytes}));
    }
    return {};
}

Status give(Domain& d, Node n) {
    for (usize i = 0; i < n.reg_count(); ++i)
        if (auto r = n.machine_reg(i)) TRY(give_window(d, n, r.value()));
    auto kind = n.text("device_type");
    return kind && *kind == Str{"pci"} ? give_bridge_windows(d, n) : Status{};
}

Status give_below(Domain& d, Node parent) {
    for (Node n : parent.children()) {
        Passing p = passing_of(n);
        if (p == Passing::absent || p == Passing::timer) continue;
        if (p == Passing::device) TRY(give(d, n));
        if (n.enabled()) TRY(give_below(d, n));
    }
    return {};
}

// Every line that neither the hypervisor nor a partition has: buses name theirs in too many ways, and messages have some.
Status give_lines(Domain& d, const device_tree::Tree& tree) {
    auto others = guest_build::lines_set_aside(tree);
    for (unsigned spi = irq::kFirstSpi; spi < gic::lines(); ++spi)
        if (irq::is_free(spi) && !others.test(spi)) {
            TRY(irq::give_to_guest(d, spi));
            TRY(d.irqs->add(spi, spi));
        }
    return {};
}

}  // namespace

Status give_devices(Domain& d, const device_tree::Tree& tree) {
    TRY(give_below(d, tree.root()));
    return give_lines(d, tree);
}

}  // namespace xen::dom0
