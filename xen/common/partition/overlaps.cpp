// SPDX-License-Identifier: MIT
// What two domains may not both have: placed memory, and regions of one name that differ.
#include "common/partition/reader.hpp"

namespace xen::partition {
namespace {

bool overlap(Range a, Range b) { return a.start < b.start + b.bytes && b.start < a.start + a.bytes; }
int length(Str s) { return static_cast<int>(s.size()); }

void check_banks(Reading& r, const Description& a, const Description& b) {
    for (Range x : a.static_memory)
        for (Range y : b.static_memory)
            if (overlap(x, y))
                r.mistakes.add(a.node, "xen,static-mem", "%#lx bytes at %#lx overlap with those of %.*s", x.bytes, x.start,
                               length(b.name), b.name.data());
}

void check_own_banks(Reading& r, const Description& d) {
    for (usize i = 0; i < d.static_memory.size(); ++i)
        for (usize j = 0; j < i; ++j)
            if (overlap(d.static_memory[i], d.static_memory[j]))
                r.mistakes.add(d.node, "xen,static-mem", "two of its banks overlap at %#lx", d.static_memory[i].start);
}

void check_region(Reading& r, const Description& a, const SharedMemory& x, const Description& b, const SharedMemory& y) {
    if (x.id == y.id) {
        if (x.bytes != y.bytes || !(x.host == y.host))
            r.mistakes.add(a.node, "xen,shared-mem", "region '%.*s' is another than the one of %.*s", length(x.id), x.id.data(),
                           length(b.name), b.name.data());
        if (x.owner && y.owner)
            r.mistakes.add(a.node, "role", "region '%.*s' has an owner already, %.*s", length(x.id), x.id.data(), length(b.name),
                           b.name.data());
        return;
    }
    if (x.host && y.host && overlap({*x.host, x.bytes}, {*y.host, y.bytes}))
        r.mistakes.add(a.node, "xen,shared-mem", "regions '%.*s' and '%.*s' overlap", length(x.id), x.id.data(), length(y.id),
                       y.id.data());
}

void check_regions(Reading& r, const Description& a, const Description& b) {
    for (const SharedMemory& x : a.shared)
        for (const SharedMemory& y : b.shared) check_region(r, a, x, b, y);
}

void check_regions_and_banks(Reading& r, const Description& a, const Description& b) {
    for (const SharedMemory& x : a.shared)
        for (Range bank : b.static_memory)
            if (x.host && overlap({*x.host, x.bytes}, bank))
                r.mistakes.add(a.node, "xen,shared-mem", "region '%.*s' lies in the memory of %.*s", length(x.id), x.id.data(),
                               length(b.name), b.name.data());
}

// What is placed may lie on nothing that is read while domains are built.
void check_free(Reading& r, std::span<const Description> all, const Description& d, const char* property, Range placed) {
    auto tell = [&](Range other) {
        if (other.bytes && overlap(placed, other))
            r.mistakes.add(d.node, property, "%#lx bytes at %#lx overlap with %#lx bytes at %#lx, which are a module or the hypervisor's",
                           placed.bytes, placed.start, other.bytes, other.start);
    };
    for (Range taken : r.machine.taken) tell(taken);
    for (const Description& other : all)
        for (Range module : {other.kernel, other.ramdisk, other.devices}) tell(module);
}

}  // namespace

void check_overlaps(Reading& r, std::span<const Description> all) {
    for (usize i = 0; i < all.size(); ++i) {
        check_own_banks(r, all[i]);
        for (Range bank : all[i].static_memory) check_free(r, all, all[i], "xen,static-mem", bank);
        for (const SharedMemory& s : all[i].shared)
            if (s.host) check_free(r, all, all[i], "xen,shared-mem", {*s.host, s.bytes});
        for (usize j = 0; j < all.size(); ++j) {
            if (j < i) check_banks(r, all[i], all[j]);
            if (j < i) check_regions(r, all[i], all[j]);
            check_regions_and_banks(r, all[i], all[j]);
        }
    }
}

}  // namespace xen::partition
