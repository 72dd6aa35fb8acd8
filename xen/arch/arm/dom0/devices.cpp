// SPDX-License-Identifier: MIT
#include <asm/gic.hpp>
#include <asm/irq.hpp>
#include <asm/p2m.hpp>
#include <xen/boot_tree.hpp>
#include <xen/log.hpp>
#include <xen/rangeset.hpp>

#include "arch/arm/dom0/dom0.hpp"

namespace xen::dom0 {
namespace {

using device_tree::Node;
using device_tree::Range;

Status give_range(Domain& d, Range r) {
    u64 first = r.start & kPageMask, end = (r.start + r.bytes + kPageSize - 1) & kPageMask;
    if (first >= end) return {};
    TRY(d.io_memory->add(first >> kPageShift, (end >> kPageShift) - 1));
    return p2m::map_mmio(d, Paddr{first}, Paddr{first}, end - first, p2m::Type::device_as_mapped);
}

// A bus's windows (devicetree specification 2.3.8, PCI bus binding 2.1): child address, parent address, size.
Status give_windows(Domain& d, Node n) {
    device_tree::Cells ranges = n.cells("ranges");
    Maybe<Node> parent = n.parent();
    if (!parent || n.text("device_type").value_or(Str{}) != "pci") return {};
    usize child = n.address_cells(), up = parent->address_cells(), size = n.size_cells(), each = child + up + size;
    for (usize at = 0; at + each <= ranges.size(); at += each) {
        Maybe<u64> start = ranges.number(at + child, up), bytes = ranges.number(at + child + up, size);
        if (start && bytes) TRY(give_range(d, {*start, *bytes}));
    }
    return {};
}

bool is_register_space(Node n) {
    return !n.has("interrupt-controller") || !(n.compatible("arm,gic-v3") || n.compatible("arm,gic-400") || n.compatible("arm,cortex-a15-gic"));
}

Status give_node(Domain& d, Node n) {
    for (usize i = 0; is_register_space(n) && i < n.reg_count(); ++i)
        if (auto r = n.machine_reg(i)) TRY(give_range(d, r.value()));
    TRY(give_windows(d, n));
    for (Node c : n.children())
        if (!is_hidden(c)) TRY(give_node(d, c));
    return {};
}

}  // namespace

// Every line that the hypervisor does not keep: buses name theirs in too many ways.
Status give_devices(Domain& d) {
    for (Node n : boot::tree().root().children())
        if (!is_hidden(n)) TRY(give_node(d, n));
    for (unsigned spi = irq::kFirstSpi; spi < gic::lines(); ++spi)
        if (irq::is_free(spi)) TRY(irq::give_to_guest(d, spi));
    return d.irqs->add(irq::kFirstSpi, gic::lines() - 1);
}

}  // namespace xen::dom0
