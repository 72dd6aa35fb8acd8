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

struct Uart {
    u64 base = 0;
    unsigned spi = 0;
};

struct Board {
    u32 vcpus = 1;
    Chosen chosen{};
    std::span<const Range> memory{};
    vgic::Version version{};
    vgic::Layout controller{};
    Maybe<Uart> uart{};
    bool hypervisor = false;                  // told of, with `grants` for its grant table, `spaces` for pages of others
    Range grants{};
    std::span<const Range> spaces{};
    FixedVector<Region, 8> regions{};         // shared memory
    Maybe<device_tree::Node> devices{};       // the root of a partial tree, whose /passthrough and /aliases go in
};
Result<Bytes> write_partition_tree(const Board& b, std::span<u8> space);

}  // namespace xen::guest_build
