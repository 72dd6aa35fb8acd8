// SPDX-License-Identifier: MIT
// Debug keys m, H and u: how much memory is where.
#include <xen/arch_memory.hpp>
#include <xen/console.hpp>
#include <xen/cpumask.hpp>
#include <xen/domain.hpp>
#include <xen/heap.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>
#include <xen/numa.hpp>

#include "common/memory/zones.hpp"
#include "lib/format.hpp"

namespace xen::memory {
namespace {

using ull = unsigned long long;

constexpr u64 kMostPages = 1 << 16;   // of a domain whose pages are looked at one by one

NodeId node(unsigned i) { return NodeId{static_cast<u8>(i)}; }

void dump_memory(char) {
    constexpr unsigned kKib = kPageShift - 10;
    log_line("Memory: %llu KiB, free %llu KiB, of that to be scrubbed %llu KiB", static_cast<ull>(total_pages() << kKib),
             static_cast<ull>(free_pages() << kKib), static_cast<ull>(scrub_pending() << kKib));
    for (unsigned i = 0; i < numa::node_count(); ++i)
        log_line("  node %u: free %llu KiB", i, static_cast<ull>(free_pages_on(node(i)) << kKib));
}

// Free blocks by order show how broken up a zone is.
void dump_zone(unsigned i, unsigned zone) {
    ZoneState z = zone_state(node(i), zone);
    if (!z.free) return;
    char text[(kMaxOrder + 1) * 16];
    usize n = 0;
    for (unsigned order = 0; order <= kMaxOrder; ++order)
        if (z.blocks[order]) n += format(text + n, sizeof(text) - n, " %u:%u", order, z.blocks[order]);
    log_line("  node %u %s 4 GiB: %llu pages free, blocks of order:%s", i, zone ? "above" : "below", static_cast<ull>(z.free), text);
}

// The hypervisor's own objects: a size in use, its pages and its blocks.
void dump_objects() {
    char text[512];
    usize n = 0;
    heap::Use use;
    for (unsigned c = 0; heap::use_of(c, use); ++c) {
        if (!use.pages) continue;
        n += use.bytes ? format(text + n, sizeof(text) - n, " %zuB:", use.bytes) : format(text + n, sizeof(text) - n, " larger:");
        n += format(text + n, sizeof(text) - n, "%zu/%zu", use.pages, use.blocks);
    }
    log_line("  objects, size:pages/number:%s", text);
}

void dump_heap(char) {
    log_line("Heap:");
    for (unsigned i = 0; i < numa::node_count(); ++i)
        for (unsigned zone = 0; zone < kZones; ++zone) dump_zone(i, zone);
    dump_objects();
}

// Where a domain's memory is. Under the domain's lock, so that only so many are looked at.
void dump_domain(Domain& d) {
    u64 on[numa::kMaxNodes] = {};
    u64 seen = 0;
    {
        Guard g{d.page_lock};
        for (u32 f = d.page_list; f && seen < kMostPages; f = frame_table[f].next, ++seen) ++on[numa::node_of(Mfn{f}).raw()];
    }
    bool all = seen < kMostPages;
    log_line("Domain %u: %llu pages, %llu of tables%s", d.id.raw(), static_cast<ull>(d.tot_pages), static_cast<ull>(arch::table_pages(d)),
             all ? "" : "; of the first 65536");
    for (unsigned i = 0; i < numa::node_count(); ++i)
        if (on[i]) log_line("  node %u: %llu", i, static_cast<ull>(on[i]));
}

void dump_nodes(char) {
    for (unsigned i = 0; i < numa::node_count(); ++i)
        log_line("NODE%u: %llu frames, %llu free", i, static_cast<ull>(numa::span_of(node(i))), static_cast<ull>(free_pages_on(node(i))));
    for (usize i : cpu_online) log_line("CPU%zu -> NODE%u", i, numa::node_of(CpuId{static_cast<u32>(i)}).raw());
    for (Domain* d = domain::first(); d; d = domain::next(*d)) dump_domain(*d);
}

}  // namespace

void init_keys() {
    console::register_key('H', dump_heap, "dump heap info");
    console::register_key('m', dump_memory, "memory info");
    console::register_key('u', dump_nodes, "dump NUMA info");
}

}  // namespace xen::memory
