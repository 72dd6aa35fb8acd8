// SPDX-License-Identifier: MIT
#include "arch/arm/guest_build/passthrough.hpp"

#include <asm/irq.hpp>
#include <asm/p2m.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>
#include <xen/rangeset.hpp>

namespace xen::guest_build {
namespace {

using device_tree::Cells;
using device_tree::Node;
using device_tree::Range;
using DeviceTree = device_tree::Tree;

int length(Str s) { return static_cast<int>(s.size()); }

// An SPI of the GIC's binding: three cells, the kind 0, counted from 32 on.
Maybe<unsigned> spi_of(const device_tree::Interrupt& i) {
    if (i.cells.size() < 3 || i.cells[0] != 0 || i.cells[1] >= kLines - irq::kFirstSpi) return nothing;
    return irq::kFirstSpi + i.cells[1];
}

template <class F>
void for_each_line(Node n, F f) {
    for (usize i = 0;; ++i) {
        auto line = n.interrupt(i);
        if (!line) return;
        if (auto spi = spi_of(line.value())) f(*spi);
    }
}

bool lies_in(Node device, Range r) {
    for (usize i = 0; i < device.reg_count(); ++i) {
        auto own = device.machine_reg(i);
        if (!own) continue;
        // Registers that are no whole page are given with the rest of it.
        u64 start = own.value().start & kPageMask, end = (own.value().start + own.value().bytes + kPageSize - 1) & kPageMask;
        if (r.start >= start && r.start + r.bytes <= end) return true;
    }
    return false;
}

class Giver {
public:
    Giver(Domain& d, const DeviceTree& machine, const char* name) : domain_{d}, machine_{machine}, name_{name} {}

    Status give_below(Node parent) {
        for (Node n : parent.children()) {
            if (n.has("xen,reg") || n.has("xen,path")) TRY(give(n, parent));
            TRY(give_below(n));
        }
        return {};
    }

private:
    Status wrong(Node n, const char* what) const {
        log_error("%s: device %.*s: %s", name_, length(n.name()), n.name().data(), what);
        return Errno::inval;
    }

    Status give(Node n, Node parent) {
        auto path = n.text("xen,path");
        auto device = path ? machine_.find(*path) : nothing;
        if (!device) return wrong(n, "xen,path names no node of the machine");
        if (!is_set_aside(*device)) return wrong(n, "the machine's node is not set aside by 'xen,passthrough'");
        if (!n.has("xen,force-assign-without-iommu"))
            return wrong(n, "no IOMMU is in use: it takes 'xen,force-assign-without-iommu'");
        TRY(give_registers(n, parent, *device));
        Status s;
        for_each_line(*device, [&](unsigned spi) {
            if (s) s = give_line(n, spi);
        });
        return s;
    }

    Status give_registers(Node n, Node parent, Node device) {
        Cells c = n.cells("xen,reg");
        usize a = parent.address_cells(), size = parent.size_cells(), step = 2 * a + size;
        if (!a || a > 2 || !size || size > 2 || c.size() % step) return wrong(n, "xen,reg: expected: machine address, size, guest address");
        for (usize at = 0; at < c.size(); at += step) {
            Range r{*c.number(at, a), *c.number(at + a, size)};
            u64 guest = *c.number(at + a + size, a);
            if (!r.bytes || (r.start | r.bytes | guest) % kPageSize || r.start + r.bytes < r.start)
                return wrong(n, "xen,reg: expected: whole pages");
            if (!lies_in(device, r)) return wrong(n, "xen,reg is not the device's");
            Mfn first = frame_of(Paddr{r.start});
            TRY(domain_.io_memory->add(first.raw(), first.raw() + r.bytes / kPageSize - 1));
            TRY(p2m::map_mmio(domain_, Paddr{guest}, Paddr{r.start}, r.bytes));
        }
        return {};
    }

    Status give_line(Node n, unsigned spi) {
        if (Status s = irq::give_to_guest(domain_, spi); !s) {
            log_error("%s: device %.*s: interrupt %u cannot be given: errno %u", name_, length(n.name()), n.name().data(), spi,
                      static_cast<unsigned>(s.error()));
            return s;
        }
        return domain_.irqs->add(spi, spi);
    }

    Domain& domain_;
    const DeviceTree& machine_;
    const char* name_;
};

}  // namespace

Status give_devices(Domain& d, const DeviceTree& partial, const DeviceTree& machine, const char* name) {
    auto devices = partial.find("/passthrough");
    if (!devices) {
        log_error("%s: its partial device tree has no /passthrough", name);
        return Errno::inval;
    }
    return Giver{d, machine, name}.give_below(*devices);
}

Bitmap<kLines> lines_set_aside(const DeviceTree& machine) {
    Bitmap<kLines> lines;
    for (Maybe<Node> n = machine.root().next(); n; n = n->next())
        if (is_set_aside(*n)) for_each_line(*n, [&](unsigned spi) { lines.set(spi); });
    return lines;
}

}  // namespace xen::guest_build
