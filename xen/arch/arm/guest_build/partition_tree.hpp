// SPDX-License-Identifier: MIT
// The device tree of a partition: a virtual board as public/arch-arm.h lays it out.
#pragma once

#include <asm/vgic.hpp>

#include "arch/arm/guest_build/nodes.hpp"

namespace xen::guest_build {

struct Region {
    Str id{};
    Range at{};
};

struct Board {
    u32 vcpus = 1;
    Chosen chosen{};
    std::span<const Range> memory{};
    vgic::Version version{};
    vgic::Layout controller{};
    bool uart = false;
    bool hypervisor = false;                  // told of, with `spaces` for pages of others
    std::span<const Range> spaces{};
    FixedVector<Region, 8> regions{};         // shared memory
    Maybe<device_tree::Node> devices{};       // the root of a partial tree, whose /passthrough and /aliases go in
};
Result<Bytes> write_partition_tree(const Board& b, std::span<u8> space);

}  // namespace xen::guest_build
