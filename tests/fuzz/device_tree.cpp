// SPDX-License-Identifier: MIT
// Device trees: one that the input is, or one that is built from choices and then damaged. Every question that a reader may
// ask is asked of every node, and domains are read from it.
#include <xen/partition.hpp>

#include <sim/machine.hpp>

#include <cstring>
#include <memory>

#include "targets.hpp"

namespace xen::fuzz {
namespace {

using device_tree::Builder, device_tree::CellList, device_tree::Node, device_tree::Property, device_tree::Range;
using DeviceTree = device_tree::Tree;

constexpr const char* kNodes[] = {"chosen", "domU1", "domU2", "module@0", "memory", "bus@1000", "evtchn@1", "vcpu@0"};
constexpr const char* kProperties[] = {"compatible", "memory", "cpus", "reg", "ranges", "#address-cells", "#size-cells", "phandle",
                                       "interrupts", "interrupts-extended", "#interrupt-cells", "interrupt-parent", "vpl011",
                                       "bootargs", "module-index", "xen,static-mem", "xen,shared-mem", "xen,shm-id", "role",
                                       "xen,evtchn", "id", "hard-affinity", "status", "direct-map", "nr_spis", "xen,enhanced"};
constexpr Str kTexts[] = {"xen,domain", "multiboot,kernel", "multiboot,ramdisk", "multiboot,module", "multiboot,device-tree",
                          "xen,domain-shared-memory-v1", "xen,evtchn-v1", "xen,vcpu", "okay", "owner", "borrower", "0-3", "a"};
constexpr u32 kCells[] = {0, 1, 2, 3, 4, 0x1000, 0x20000, 0x40000000, 0xffffffff};

void put_property(Input& in, Builder& b) {
    const char* name = in.of(kProperties);
    switch (in.below(4)) {
    case 0: b.property(name, in.bytes(in.below(24))); break;
    case 1: b.texts(name, {in.of(kTexts), in.of(kTexts)}); break;
    case 2: b.text(name, in.of(kTexts)); break;
    default: {
        CellList c;
        for (unsigned n = in.below(8); n; --n) c.add(in.of(kCells));
        b.cells_of(name, c);
    }
    }
}

void put_node(Input& in, Builder& b, const char* name, unsigned depth) {
    b.begin(name);
    for (unsigned n = in.below(8); n && !in.empty(); --n) put_property(in, b);
    for (unsigned n = in.below(5); n && depth < 5 && !in.empty(); --n) put_node(in, b, in.of(kNodes), depth + 1);
    b.end();
}

void damage(Input& in, std::span<u8> tree) {
    for (unsigned n = in.below(4); n; --n) tree[in.take<u16>() % tree.size()] = in.take<u8>();
}

// In memory of exactly its size.
struct Blob {
    std::unique_ptr<u64[]> words;
    usize size = 0;
    u8* data() const { return reinterpret_cast<u8*>(words.get()); }
    Bytes bytes() const { return {data(), size}; }
};

Blob copy(Bytes from) {
    Blob b{std::unique_ptr<u64[]>{new u64[(from.size() + 7) / 8]}, from.size()};
    std::memcpy(b.data(), from.data(), from.size());
    return b;
}

Blob built(Input& in) {
    alignas(8) static u8 space[16384];
    Builder b{space};
    if (in.below(2)) b.reserve({in.take<u32>(), in.take<u32>()});
    put_node(in, b, "", 0);
    auto r = b.finish();
    if (!r) {
        if (r.error() != Errno::nospc) broken("a well-nested tree cannot be written");
        return copy({});
    }
    if (!DeviceTree::open(r.value())) broken("a tree that was written is refused");
    Blob out = copy(r.value());
    damage(in, {out.data(), out.size});
    return out;
}

Blob given(Input& in) {
    Blob b = copy(in.rest());
    constexpr u8 kMagic[] = {0xd0, 0x0d, 0xfe, 0xed};
    if (b.size >= 4) std::memcpy(b.data(), kMagic, 4);
    return b;
}

bool inside(Bytes all, const void* p, usize n) {
    auto at = static_cast<const u8*>(p);
    return at >= all.data() && at <= all.data() + all.size() && n <= static_cast<usize>(all.data() + all.size() - at);
}

void ask(const Node& n, Bytes all) {
    char path[128];
    (void)n.path(path);
    if (!n.name().empty() && !inside(all, n.name().data(), n.name().size())) broken("a name outside of the tree");
    for (Property p : n.properties()) {
        if (!inside(all, p.value.data(), p.value.size())) broken("a value outside of the tree");
        (void)p.text();
        (void)p.lists("xen,domain");
        (void)p.number();
    }
    for (usize i = 0; i < 3; ++i) {
        (void)n.reg(i).ok();
        (void)n.machine_reg(i).ok();
        auto r = n.interrupt(i);
        if (r && r.value().cells.empty()) broken("an interrupt without a specifier");
    }
    for (Node c : n.children())
        if (!(c.parent() == Maybe<Node>{n})) broken("a child of another parent");
}

void check(const partition::Description& d, const partition::Machine& m) {
    if (!d.pages || !d.vcpus || d.vcpus > m.max_vcpus) broken("a domain without memory or CPUs, or of too many");
    if (!d.kernel.bytes) broken("a domain without a kernel");
    u64 bytes = 0;
    for (Range r : d.static_memory) bytes += r.bytes;
    if (bytes && bytes != d.pages << kPageShift) broken("static memory of another size than the domain");
    for (const auto& p : d.pinned)
        if (p.vcpu >= d.vcpus || p.cpus.empty() || p.cpus.next(m.cpus) < kMaxCpus) broken("pinned to what there is not");
    for (const auto& c : d.channels)
        if (!c.port || c.port > partition::kMostPort || !c.peer_port || c.peer_port > partition::kMostPort) broken("no port");
}

}  // namespace

void run_device_tree(Input in) {
    sim::start();
    const BootModule modules[] = {{Paddr{0x100000}, 0x1000, {}}, {Paddr{0x200000}, 0, {}}};
    partition::Machine m{.modules = modules, .max_vcpus = 4, .cpus = 2};
    m.dom0 = in.below(2), m.placed_memory = in.below(2), m.devices = in.below(2);
    Blob blob = in.below(4) ? built(in) : given(in);
    auto t = DeviceTree::open(blob.bytes());
    if (t.ok() == static_cast<bool>(DeviceTree::why_not(blob.bytes()))) broken("a refusal without a reason");
    if (!t) return;
    for (Maybe<Node> n = t.value().root(); n; n = n->next()) ask(*n, blob.bytes());
    partition::ClaimedMemory claimed;
    (void)partition::claimed_memory(t.value(), claimed);
    auto all = partition::read(t.value(), m);
    if (all)
        for (const auto& d : all.value()) check(d, m);
}

}  // namespace xen::fuzz
