// SPDX-License-Identifier: MIT
#include <array>

#include <xen/cpumask.hpp>
#include <xen/numa.hpp>
#include <xen/page.hpp>

namespace xen::numa {

unsigned nodes = 1;

namespace {

struct Range {
    Mfn start, end;
    NodeId node;
};
constexpr usize kMaxRanges = 4 * kMaxNodes;
std::array<Range, kMaxRanges> ranges;
usize range_count;
std::array<NodeId, kMaxCpus> cpu_nodes;
std::array<std::array<u8, kMaxNodes>, kMaxNodes> distances;

void note_node(NodeId n) {
    if (n.raw() + 1u > nodes) nodes = n.raw() + 1u;
}

}  // namespace

void add_range(NodeId node, Mfn start, Mfn end) {
    if (node.raw() >= kMaxNodes || range_count == kMaxRanges || start >= end) return;
    ranges[range_count++] = {start, end, node};
    note_node(node);
}

void set_distance(NodeId from, NodeId to, u8 value) {
    if (from.raw() < kMaxNodes && to.raw() < kMaxNodes) distances[from.raw()][to.raw()] = value;
}

void set_cpu(CpuId cpu, NodeId node) {
    if (cpu.raw() >= kMaxCpus || node.raw() >= kMaxNodes) return;
    cpu_nodes[cpu.raw()] = node;
    note_node(node);   // it may have no memory
}

NodeId find_node(Mfn f) {
    for (usize i = 0; i < range_count; ++i)
        if (f >= ranges[i].start && f < ranges[i].end) return ranges[i].node;
    return NodeId{0};
}

Mfn next_border(Mfn f) {
    Mfn next{~u64{0}};
    for (usize i = 0; i < range_count; ++i)
        for (Mfn border : {ranges[i].start, ranges[i].end})
            if (border > f && border < next) next = border;
    return next;
}

NodeId node_of(CpuId cpu) { return cpu_nodes[cpu.raw()]; }

u8 distance(NodeId from, NodeId to) {
    u8 known = distances[from.raw()][to.raw()];
    if (known) return known;
    return from == to ? 10 : 20;  // ACPI 5.2.17: 10 is local; 20 is what firmware without a SLIT implies
}

u64 span_of(NodeId node) {
    if (!range_count) return max_frame.raw();
    Mfn first = max_frame, end{0};
    for (usize i = 0; i < range_count; ++i) {
        if (ranges[i].node != node) continue;
        if (ranges[i].start < first) first = ranges[i].start;
        if (ranges[i].end > end) end = ranges[i].end;
    }
    if (end > max_frame) end = max_frame;   // firmware rounds up
    return end > first ? end - first : 0;
}

}  // namespace xen::numa
