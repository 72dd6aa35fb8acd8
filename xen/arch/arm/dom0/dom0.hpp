// SPDX-License-Identifier: MIT
// Private to arch/arm/dom0: the hardware domain's memory lies where the machine has it, so that its devices reach it.
#pragma once

#include <span>

#include <xen/boot_info.hpp>
#include <xen/device_tree.hpp>
#include <xen/domain.hpp>

#include "lib/bytes.hpp"
#include "lib/fixed_vector.hpp"

namespace xen::dom0 {

struct Bank {
    Mfn first{};
    u64 frames = 0;
};
using Banks = FixedVector<Bank, 32>;

struct Places {
    Paddr kernel{}, ramdisk{}, tree{};
    u64 ramdisk_bytes = 0;
};

// `frames` in few large pieces, sorted by address, mapped. Errno::nomem.
Status populate(Domain& d, u64 frames, Banks& banks);
// The machine's tree as dom0 may see it, into `to`. Errno::nospc.
Result<Bytes> write_tree(const Domain& d, const BootInfo& boot, const Banks& banks, const Places& places, std::span<u8> to);
// Device registers and interrupt lines of the nodes that dom0 gets.
Status give_devices(Domain& d);
bool is_hidden(device_tree::Node n);           // not for dom0, with all below it

}  // namespace xen::dom0
