// SPDX-License-Identifier: MIT
// One domain of the description: its own properties, its modules, its memory and its CPUs.
#include "common/partition/reader.hpp"
#include "lib/nearest.hpp"

namespace xen::partition {
namespace {

using device_tree::Cells;
using device_tree::Node;
using device_tree::Property;

struct Name {
    Str name;
};
constexpr Name kKnown[] = {{"compatible"}, {"memory"}, {"cpus"}, {"vpl011"}, {"#address-cells"}, {"#size-cells"}, {"nr_spis"},
                           {"xen,enhanced"}, {"direct-map"}, {"xen,static-mem"}, {"#xen,static-mem-address-cells"},
                           {"#xen,static-mem-size-cells"}, {"xen,domain-p2m-mem-mb"}, {"phandle"}, {"linux,phandle"},
                           {"name"}, {"status"}};

int length(Str s) { return static_cast<int>(s.size()); }

// A misspelt property would be a silent change of meaning.
void check_names(Reading& r, const Node& n) {
    for (Property p : n.properties()) {
        bool known = false;
        for (const Name& k : kKnown) known |= k.name == Str{p.name};
        if (known) continue;
        Str near = nearest_name(Str{p.name}, kKnown);
        if (near.empty()) r.mistakes.add(n, p.name, "unknown property");
        else r.mistakes.add(n, p.name, "unknown property; '%.*s' is near", length(near), near.data());
    }
}

constexpr u64 kMostKib = u64{1} << 42;   // of any machine's address space

void read_memory(Reading& r, Description& d) {
    auto kib = d.node.number("memory");
    if (!kib || !*kib || *kib >= kMostKib)
        return r.mistakes.add(d.node, "memory", "expected: the size in KiB, a number of two cells");
    if (*kib % (kPageSize / 1024))
        return r.mistakes.add(d.node, "memory", "expected: whole pages, a multiple of %lu KiB", kPageSize / 1024);
    d.pages = *kib / (kPageSize / 1024);
}

void read_vcpus(Reading& r, Description& d) {
    auto n = d.node.number("cpus");
    if (n && *n >= 1 && *n <= r.machine.max_vcpus) d.vcpus = static_cast<u32>(*n);
    else r.mistakes.add(d.node, "cpus", "expected: the number of virtual CPUs, 1 to %u", r.machine.max_vcpus);
}

void read_enhanced(Reading& r, Description& d) {
    auto p = d.node.property("xen,enhanced");
    if (!p) return;
    d.store = p->value.empty() || p->text() == Maybe<Str>{"enabled"};
    d.enhanced = d.store || p->text() == Maybe<Str>{"no-xenstore"};
    if (d.store && !r.machine.store)
        r.mistakes.add(d.node, "xen,enhanced", "expected: \"no-xenstore\": there is no dom0 that could set a store up");
    if (!d.enhanced && !(p->text() == Maybe<Str>{"disabled"}))
        r.mistakes.add(d.node, "xen,enhanced", "expected: nothing, \"enabled\", \"no-xenstore\" or \"disabled\"");
}

// Devices come by a partial tree only; a description that asks for what this machine has not is not half done.
void need_placed_memory(Reading& r, const Node& n, const char* property) {
    if (!r.machine.placed_memory) r.mistakes.add(n, property, "a domain's memory cannot be placed on this machine");
}

void read_static_memory(Reading& r, Description& d) {
    auto p = d.node.property("xen,static-mem");
    if (!p) return;
    need_placed_memory(r, d.node, "xen,static-mem");
    Geometry g = static_geometry(d.node);
    if (!g.usable() || p->value.empty() || p->value.size() % (4 * g.entry()))
        return r.mistakes.add(d.node, "xen,static-mem", "expected: addresses of %zu and sizes of %zu cells", g.address, g.size);
    u64 bytes = 0;
    for (usize at = 0; at < p->cells().size(); at += g.entry()) {
        Range bank{*p->cells().number(at, g.address), *p->cells().number(at + g.address, g.size)};
        if (!bank.bytes || (bank.start | bank.bytes) % kPageSize || bank.start + bank.bytes < bank.start)
            return r.mistakes.add(d.node, "xen,static-mem", "expected: whole pages; %#lx bytes at %#lx are not", bank.bytes,
                                  bank.start);
        if (!d.static_memory.push(bank))
            return r.mistakes.add(d.node, "xen,static-mem", "expected: %zu banks at most", kMaxBanks);
        bytes += bank.bytes;
    }
    if (d.pages && bytes != d.pages << kPageShift)
        r.mistakes.add(d.node, "xen,static-mem", "expected: as much as 'memory', %lu KiB; it is %lu KiB",
                       d.pages << (kPageShift - 10), bytes >> 10);
}

void read_flags(Reading& r, Description& d) {
    d.vpl011 = d.node.has("vpl011");
    d.direct_map = d.node.has("direct-map");
    if (d.direct_map && !r.machine.direct_map)
        r.mistakes.add(d.node, "direct-map", "a domain's addresses cannot be the machine's here");
    if (d.direct_map && d.static_memory.empty())
        r.mistakes.add(d.node, "direct-map", "expected: with 'xen,static-mem', which says where");
    if (!d.node.has("nr_spis")) return;
    auto n = d.node.number("nr_spis");
    if (n && *n <= 960) d.spis = static_cast<u32>(*n);
    else r.mistakes.add(d.node, "nr_spis", "expected: a number of interrupts, at most 960");
}

void read_module(Reading& r, const Node& n, Range& to, const char* what) {
    if (to.bytes) return r.mistakes.add(n, "", "a second %s", what);
    auto range = module_range(r, n);
    if (range) to = range.value();
}

void read_child(Reading& r, Description& d, const Node& n) {
    if (n.compatible("multiboot,kernel")) {
        read_module(r, n, d.kernel, "kernel");
        if (!n.has("bootargs")) return;
        auto args = n.text("bootargs");
        if (args) d.bootargs = *args;
        else r.mistakes.add(n, "bootargs", "expected: one string");
    } else if (n.compatible("multiboot,ramdisk")) {
        read_module(r, n, d.ramdisk, "ramdisk");
    } else if (n.compatible("multiboot,device-tree")) {
        read_module(r, n, d.devices, "device tree");
        if (!r.machine.devices) r.mistakes.add(n, "", "devices cannot be given to domains on this machine");
    } else if (n.compatible(kShared)) {
        read_shared(r, d, n);
    } else if (n.compatible(kVcpu)) {
        read_pinned(r, d, n);
    } else if (!n.compatible(kChannel)) {   // those when all domains are known
        r.mistakes.add(n, "compatible",
                       "expected: \"multiboot,kernel\", \"multiboot,ramdisk\", \"multiboot,device-tree\", \"%s\", \"%s\" or \"%s\"",
                       kShared.data(), kChannel.data(), kVcpu.data());
    }
}

}  // namespace

Geometry static_geometry(const Node& domain) {
    auto own_address = domain.number("#xen,static-mem-address-cells"), own_size = domain.number("#xen,static-mem-size-cells");
    auto bus = domain.parent();
    Geometry g{bus ? bus->address_cells() : 0, bus ? bus->size_cells() : 0};
    if (own_address) g.address = static_cast<usize>(*own_address);
    if (own_size) g.size = static_cast<usize>(*own_size);
    return g;
}

// `reg` says where it lies; `module-index` which of the boot loader's modules it is, where nobody knows the address before.
Result<Range> module_range(Reading& r, const Node& n) {
    if (n.has("module-index")) {
        auto index = n.number("module-index");
        if (index && *index < r.machine.modules.size()) {
            const BootModule& m = r.machine.modules[static_cast<usize>(*index)];
            if (m.bytes) return Range{m.start.raw(), m.bytes};
        }
        r.mistakes.add(n, "module-index", "expected: one of the boot loader's %zu modules, counted from 0, that is not dom0's",
                       r.machine.modules.size());
        return Errno::inval;
    }
    auto where = n.reg();
    if (where && where.value().bytes) return where.value();
    r.mistakes.add(n, "reg", "expected: address and size of the module, as #address-cells and #size-cells of the domain say; "
                             "or 'module-index'");
    return Errno::inval;
}

void read_shared(Reading& r, Description& d, const Node& n) {
    constexpr usize kLongestId = 15;
    need_placed_memory(r, n, "xen,shared-mem");
    SharedMemory s;
    auto id = n.text("xen,shm-id");
    if (id && !id->empty() && id->size() <= kLongestId) s.id = *id;
    else r.mistakes.add(n, "xen,shm-id", "expected: a name of 1 to %zu characters", kLongestId);
    if (n.has("role")) {
        s.owner = n.text("role") == Maybe<Str>{"owner"};
        if (!s.owner && !(n.text("role") == Maybe<Str>{"borrower"}))
            r.mistakes.add(n, "role", "expected: \"owner\" or \"borrower\"");
    }
    Cells c = n.cells("xen,shared-mem");
    usize a = d.node.address_cells(), size = d.node.size_cells(), at = 0;
    bool placed = c.size() == 2 * a + size;
    if (a < 1 || a > 2 || size < 1 || size > 2 || (!placed && c.size() != a + size))
        return r.mistakes.add(n, "xen,shared-mem", "expected: machine address, guest address, size; or without the first");
    if (placed) s.host = *c.number(std::exchange(at, a), a);
    s.guest = *c.number(at, a);
    s.bytes = *c.number(at + a, size);
    if (!s.bytes || (s.guest | s.bytes | s.host.value_or(0)) % kPageSize || s.guest + s.bytes < s.guest ||
        s.host.value_or(0) + s.bytes < s.host.value_or(0))
        return r.mistakes.add(n, "xen,shared-mem", "expected: whole pages");
    if (!d.shared.push(s)) r.mistakes.add(n, "", "expected: %zu regions of a domain at most", kMaxShared);
}

void read_pinned(Reading& r, Description& d, const Node& n) {
    auto id = n.number("id");
    auto cpus = n.text("hard-affinity");
    auto mask = cpus ? cpu_list(*cpus) : nothing;
    if (!id || *id >= d.vcpus) return r.mistakes.add(n, "id", "expected: a virtual CPU of the domain, less than 'cpus'");
    if (!mask) return r.mistakes.add(n, "hard-affinity", "expected: a list of CPUs such as \"0-3,5\"");
    for (usize cpu = r.machine.cpus; cpu < kMaxCpus; ++cpu)
        if (mask->test(cpu)) return r.mistakes.add(n, "hard-affinity", "expected: CPUs below %u; %zu is not", r.machine.cpus, cpu);
    if (!d.pinned.push({static_cast<u32>(*id), *mask})) r.mistakes.add(n, "", "expected: %zu such nodes at most", kMaxPinned);
}

void read_domain(Reading& r, Description& d) {
    check_names(r, d.node);
    read_memory(r, d);
    read_vcpus(r, d);
    read_static_memory(r, d);
    read_flags(r, d);
    read_enhanced(r, d);
    for (Node n : d.node.children()) read_child(r, d, n);
    bool has_kernel = false;
    for (Node n : d.node.children()) has_kernel |= n.compatible("multiboot,kernel");
    if (!has_kernel) r.mistakes.add(d.node, "", "it has no kernel: a child with compatible \"multiboot,kernel\"");
}

}  // namespace xen::partition
