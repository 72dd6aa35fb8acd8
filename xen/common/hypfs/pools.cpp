// SPDX-License-Identifier: MIT
#include "common/hypfs/pools.hpp"

#include <xen/cpupool.hpp>
#include <xen/heap.hpp>

#include "lib/format.hpp"

namespace xen::hypfs {
namespace {

constexpr char kGranularity[] = "cpu";

// Scheduling is by single CPUs in every pool.
usize granularity(char* to, usize cap, u64) {
    copy_string(to, cap, kGranularity);
    return sizeof(kGranularity);
}

// ABI: a pool with CPUs keeps the granularity it has.
Status set_granularity(Str text, u64 pool) {
    if (text == Str{kGranularity}) return {};
    if (text != Str{"core"} && text != Str{"socket"}) return Errno::inval;
    sched::PoolInfo info = TRY(sched::pool_info(static_cast<u32>(pool)));
    if (info.id != pool) return Errno::noent;
    return info.cpus.empty() ? Errno::opnotsupp : Errno::busy;
}

struct Pool {
    char name[12];
    Node leaf;
};

struct Pools {
    Array<Pool> data;
    Array<Node> nodes;
    Node top;
};
Pools* kept;

// Calls visit(id) for each pool, in order.
template <class Visit>
void for_each_pool(Visit visit) {
    for (u32 next = 0;;) {
        auto p = sched::pool_info(next);
        if (!p) return;
        visit(p.value().id);
        next = p.value().id + 1;
    }
}

void describe(Pool& p, Node& directory, u32 id) {
    format(p.name, sizeof(p.name), "%u", id);
    p.leaf = {"sched-gran", XEN_HYPFS_TYPE_STRING, granularity, id};
    p.leaf.most = sizeof("socket") + 1;   // ABI: the room that Xen has for a name, 8 bytes
    p.leaf.write = set_granularity;
    directory = {p.name, XEN_HYPFS_TYPE_DIR, nullptr, 0, &p.leaf, 1};
}

}  // namespace

Result<const Node&> pools() {
    if (!kept) kept = TRY(Box<Pools>::create()).leak();
    usize room = 0;
    for_each_pool([&](u32) { ++room; });
    kept->data = TRY(Array<Pool>::create(room));
    kept->nodes = TRY(Array<Node>::create(room));
    usize n = 0;
    for_each_pool([&](u32 id) {
        if (n == room) return;
        describe(kept->data[n], kept->nodes[n], id);
        ++n;
    });
    kept->top = {"cpupool", XEN_HYPFS_TYPE_DIR, nullptr, 0, kept->nodes.data(), n};
    return kept->top;
}

}  // namespace xen::hypfs
