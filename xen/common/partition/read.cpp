// SPDX-License-Identifier: MIT
#include "common/partition/reader.hpp"

namespace xen::partition {
namespace {

using device_tree::Node;
using device_tree::Tree;

void claim(ClaimedMemory& out, bool& all, Range r) {
    if (r.bytes) all &= out.push(r);
}

bool is_module(const Node& n) { return n.compatible("multiboot,module") || n.compatible("xen,multiboot-module"); }

void claim_domain(const Node& domain, ClaimedMemory& out, bool& all) {
    for (Node n : domain.children()) {
        if (is_module(n))
            if (auto range = n.reg()) claim(out, all, range.value());
        usize a = domain.address_cells(), size = domain.size_cells();
        auto c = n.cells("xen,shared-mem");
        if (!n.compatible(kShared) || c.size() != 2 * a + size) continue;
        auto start = c.number(0, a), bytes = c.number(2 * a, size);
        if (start && bytes) claim(out, all, {*start, *bytes});
    }
    Geometry g = static_geometry(domain);
    auto c = domain.cells("xen,static-mem");
    for (usize at = 0; g.usable() && at + g.entry() <= c.size(); at += g.entry())
        claim(out, all, {*c.number(at, g.address), *c.number(at + g.address, g.size)});
}

}  // namespace

usize described(const Tree& tree) {
    auto chosen = tree.find("/chosen");
    usize n = 0;
    if (chosen)
        for (Node c : chosen->children()) n += c.compatible(kDomain) && c.enabled();
    return n;
}

bool claimed_memory(const Tree& tree, ClaimedMemory& out) {
    bool all = true;
    auto chosen = tree.find("/chosen");
    if (!chosen) return true;
    for (Node n : chosen->children())
        if (n.compatible(kDomain) && n.enabled()) claim_domain(n, out, all);
    return all;
}

Result<Array<Description>> read(const Tree& tree, const Machine& machine) {
    auto chosen = tree.find("/chosen");
    usize n = described(tree);
    if (!n) return Errno::noent;
    Reading r{tree, machine};
    if (n > kMaxPartitions) {
        r.mistakes.add(*chosen, "", "%zu domains; %zu is the most", n, kMaxPartitions);
        return Errno::inval;
    }
    auto all = TRY(Array<Description>::create(n));
    usize i = 0;
    for (Node c : chosen->children()) {
        if (!c.compatible(kDomain) || !c.enabled()) continue;
        all[i].node = c;
        all[i].name = c.name();
        read_domain(r, all[i++]);
    }
    read_channels(r, {all.data(), n});
    check_overlaps(r, {all.data(), n});
    if (r.mistakes.count()) return Errno::inval;
    return all;
}

}  // namespace xen::partition
