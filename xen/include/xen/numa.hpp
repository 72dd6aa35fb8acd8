// SPDX-License-Identifier: MIT
// NUMA nodes: which node a frame or a CPU belongs to. Filled from SRAT and SLIT before the allocator starts;
// without them there is node 0 only.
#pragma once

#include <xen/config/nr_numa_nodes.hpp>

#include "lib/index.hpp"

namespace xen::numa {

inline constexpr unsigned kMaxNodes = config::nr_numa_nodes;
inline constexpr u32 kNoDistance = 0xff;

// Boot CPU, before memory::init. Ranges of one node may be several; frames outside all are node 0's.
void add_range(NodeId node, Mfn start, Mfn end);
void set_distance(NodeId from, NodeId to, u8 distance);
void set_cpu(CpuId cpu, NodeId node);

extern unsigned nodes;                     // set while booting
inline unsigned node_count() { return nodes; }
NodeId find_node(Mfn f);
inline NodeId node_of(Mfn f) { return nodes == 1 ? NodeId{0} : find_node(f); }
NodeId node_of(CpuId cpu);
Mfn next_border(Mfn f);                    // all frames from f up to there are of one node
u8 distance(NodeId from, NodeId to);       // 10 is local; 0xff unreachable
u64 span_of(NodeId node);                  // frames from its first to its last one, holes in between counted

}  // namespace xen::numa
