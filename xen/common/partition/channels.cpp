// SPDX-License-Identifier: MIT
// Event channels of the description: a node at each end names the node at the other by its phandle.
#include "common/partition/reader.hpp"

namespace xen::partition {
namespace {

using device_tree::Node;

struct End {
    u32 port = 0;
    Node other{};
};

const char kExpected[] = "expected: a port, 1 to %u, and the phandle of the node at the other end";

Maybe<End> read_end(Reading& r, const Node& n) {
    auto c = n.cells("xen,evtchn");
    auto other = c.size() == 2 ? r.tree.by_phandle(c[1]) : nothing;
    if (other && other->compatible(kChannel) && c[0] >= 1 && c[0] <= kMostPort) return End{c[0], *other};
    r.mistakes.add(n, "xen,evtchn", kExpected, kMostPort);
    return nothing;
}

// Whose node it is: a partition's number, dom0 for a child of /chosen.
Maybe<u16> domain_of(std::span<const Description> all, const Node& n) {
    auto parent = n.parent();
    if (!parent) return nothing;
    for (usize i = 0; i < all.size(); ++i)
        if (all[i].node == *parent) return static_cast<u16>(i + 1);
    auto above = parent->parent();
    if (above && !above->parent() && parent->base_name() == Str{"chosen"}) return kDom0;
    return nothing;
}

void read_channel(Reading& r, std::span<Description> all, Description& d, u16 self, const Node& n) {
    auto end = read_end(r, n);
    if (!end) return;
    auto back = end->other.cells("xen,evtchn");
    auto peer = domain_of(all, end->other);
    bool mutual = back.size() == 2 && n.phandle() && back[1] == *n.phandle() && !(end->other == n);
    if (!mutual) return r.mistakes.add(n, "xen,evtchn", "expected: two nodes that name each other");
    if (!peer || (*peer == kDom0 && !r.machine.dom0))
        return r.mistakes.add(n, "xen,evtchn", "the other end belongs to no domain that starts");
    for (const Channel& c : d.channels)
        if (c.port == end->port) return r.mistakes.add(n, "xen,evtchn", "port %u has another channel already", end->port);
    if (*peer == self && end->port == back[0]) return r.mistakes.add(n, "xen,evtchn", "both ends are port %u", end->port);
    if (!d.channels.push({end->port, *peer, back[0]}))
        r.mistakes.add(n, "", "expected: %zu channels of a domain at most", kMaxChannels);
}

}  // namespace

void read_channels(Reading& r, std::span<Description> all) {
    for (usize i = 0; i < all.size(); ++i)
        for (Node n : all[i].node.children())
            if (n.compatible(kChannel)) read_channel(r, all, all[i], static_cast<u16>(i + 1), n);
    // dom0's ends are opened from the other side; what is wrong with them is still a mistake.
    if (auto chosen = r.tree.find("/chosen"))
        for (Node n : chosen->children())
            if (n.compatible(kChannel)) (void)read_end(r, n);
}

}  // namespace xen::partition
