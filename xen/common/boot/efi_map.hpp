// SPDX-License-Identifier: MIT
// The memory map of EFI firmware (UEFI 2.10 7.2.3), as a loader or our own EFI stub hands it over.
#pragma once

#include <xen/boot_info.hpp>

#include "lib/bytes.hpp"

namespace xen::boot {

// Descriptors of `entry_bytes` each, which may be more than what is known of them. What is free once boot services have ended is RAM.
void read_efi_map(Bytes map, u64 entry_bytes, BootInfo& out);

}  // namespace xen::boot
