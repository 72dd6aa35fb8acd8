// SPDX-License-Identifier: MIT
// Puts kernel, ramdisk and device tree into the memory of a guest that is being built, and its first vCPU at the kernel's
// entry. Boot CPU, before the guest runs.
#pragma once

#include <span>

#include <xen/device_tree.hpp>
#include <xen/domain.hpp>

#include "arch/arm/guest_build/kernel.hpp"

namespace xen::guest_build {

using Ranges = FixedVector<device_tree::Range, 32>;   // of guest-physical addresses

// The first bank in which all of it fits. Errno::nomem with a log line about `name`: none is that large.
Result<Places> find_places(const char* name, std::span<const device_tree::Range> banks, const KernelImage& kernel, u64 ramdisk_bytes,
                           u64 tree_bytes);

void load(Domain& d, const Places& p, const KernelImage& kernel, Bytes ramdisk, Bytes tree);

}  // namespace xen::guest_build
