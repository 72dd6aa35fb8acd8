// SPDX-License-Identifier: MIT
// Private to common/partition: what the parts of the reader share.
#pragma once

#include <xen/partition.hpp>

#include "common/partition/mistakes.hpp"

namespace xen::partition {

struct Reading {
    const device_tree::Tree& tree;
    const Machine& machine;
    Mistakes mistakes{};
};

inline constexpr Str kDomain{"xen,domain"}, kShared{"xen,domain-shared-memory-v1"}, kChannel{"xen,evtchn-v1"}, kVcpu{"xen,vcpu"};

// The properties and modules of one domain; what it says of others is read when all are known.
void read_domain(Reading& r, Description& d);
void read_shared(Reading& r, Description& d, const device_tree::Node& n);
void read_pinned(Reading& r, Description& d, const device_tree::Node& n);
Result<Range> module_range(Reading& r, const device_tree::Node& n);
// Cells of xen,static-mem.
struct Geometry {
    usize address = 0, size = 0;
    usize entry() const { return address + size; }
    bool usable() const { return address >= 1 && address <= 2 && size >= 1 && size <= 2; }
};
Geometry static_geometry(const device_tree::Node& domain);

void read_channels(Reading& r, std::span<Description> all);
void check_overlaps(Reading& r, std::span<const Description> all);

// "0-3,5"; nothing for anything else.
Maybe<CpuMask> cpu_list(Str text);

}  // namespace xen::partition
