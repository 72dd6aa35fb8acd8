// SPDX-License-Identifier: MIT
// Where a device is and which interrupts it has: reg, ranges and interrupt parents (Devicetree Specification 0.4, 2.3
// and 2.4).
#include <xen/device_tree.hpp>

namespace xen::device_tree {
namespace {

constexpr usize kMaxCells = 4, kMaxDepth = 64;

usize cells_property(const Node& n, Str name, usize otherwise) {
    auto v = n.number(name);
    return v ? static_cast<usize>(*v) : otherwise;
}

struct Geometry {
    usize address, size;
    usize entry() const { return address + size; }
    bool usable() const { return address >= 1 && address <= kMaxCells && size <= 2; }
};

Geometry geometry(const Node& bus) { return {bus.address_cells(), bus.size_cells()}; }

// The address on the bus above of `r` on `bus`.
Result<Range> one_bus_up(const Node& bus, const Node& above, Range r) {
    auto ranges = bus.property("ranges");
    if (!ranges) return Errno::nxio;
    if (ranges->value.empty()) return r;   // the same addresses on both
    Geometry g = geometry(bus);
    usize up = above.address_cells(), entry = g.entry() + up;
    if (!g.usable() || up < 1 || up > kMaxCells) return Errno::inval;
    Cells c = ranges->cells();
    for (usize at = 0; at + entry <= c.size(); at += entry) {
        auto child = c.number(at, g.address), parent = c.number(at + g.address, up), bytes = c.number(at + g.address + up, g.size);
        if (!child || !parent || !bytes) continue;
        if (r.start >= *child && r.start - *child < *bytes && r.bytes <= *bytes - (r.start - *child))
            return Range{*parent + (r.start - *child), r.bytes};
    }
    return Errno::nxio;
}

// The specifier in cells from `at`.
Result<Interrupt> specifier(const Node& controller, const Cells& c, usize at) {
    auto width = controller.number("#interrupt-cells");
    Interrupt out{.controller = controller};
    if (!width || *width == 0 || *width > out.cells.kCapacity) return Errno::inval;
    if (at + *width > c.size()) return Errno::inval;
    for (usize i = 0; i < *width; ++i) (void)out.cells.push(c[at + i]);
    return out;
}

}  // namespace

usize Node::address_cells() const { return cells_property(*this, "#address-cells", 2); }
usize Node::size_cells() const { return cells_property(*this, "#size-cells", 1); }

usize Node::reg_count() const {
    auto bus = parent();
    if (!bus || !geometry(*bus).usable()) return 0;
    return cells("reg").size() / geometry(*bus).entry();
}

Result<Range> Node::reg(usize i) const {
    auto bus = parent();
    auto p = property("reg");
    if (!bus || !p) return Errno::noent;
    Geometry g = geometry(*bus);
    if (!g.usable() || p->value.size() % (4 * g.entry())) return Errno::inval;
    if (i >= p->cells().size() / g.entry()) return Errno::noent;
    auto start = p->cells().number(i * g.entry(), g.address), bytes = p->cells().number(i * g.entry() + g.address, g.size);
    if (!start || !bytes || *start + *bytes < *start) return Errno::inval;
    return Range{*start, *bytes};
}

Result<Range> Node::machine_reg(usize i) const {
    Range r = TRY(reg(i));
    Maybe<Node> bus = parent();
    for (usize depth = 0; depth < kMaxDepth; ++depth) {
        auto above = bus->parent();
        if (!above) return r;
        r = TRY(one_bus_up(*bus, *above, r));
        bus = above;
    }
    return Errno::inval;
}

Maybe<Node> Node::interrupt_parent() const {
    Maybe<Node> n = *this;
    for (usize depth = 0; n && depth < kMaxDepth; ++depth) {
        auto handle = n->number("interrupt-parent");
        auto up = n->parent();
        if (handle) return by_phandle(static_cast<u32>(*handle));
        // A controller above is the parent, unless something nearer says otherwise.
        if (up && up->has("interrupt-controller")) return up;
        n = up;
    }
    return nothing;
}

Result<Interrupt> Node::interrupt(usize i) const {
    if (auto list = property("interrupts-extended")) {
        Cells c = list->cells();
        for (usize at = 0; at < c.size();) {
            auto controller = by_phandle(c[at]);
            if (!controller) return Errno::inval;
            Interrupt one = TRY(specifier(*controller, c, at + 1));
            if (!i--) return one;
            at += 1 + one.cells.size();
        }
        return Errno::noent;
    }
    auto list = property("interrupts");
    if (!list) return Errno::noent;
    auto controller = interrupt_parent();
    if (!controller) return Errno::inval;
    Interrupt first = TRY(specifier(*controller, list->cells(), 0));
    if (i >= list->cells().size() / first.cells.size()) return Errno::noent;
    return specifier(*controller, list->cells(), i * first.cells.size());
}

}  // namespace xen::device_tree
