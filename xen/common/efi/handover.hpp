// SPDX-License-Identifier: MIT
// What the EFI stub hands to the boot code of the image that it starts, in that image's own data.
#pragma once

#include "common/efi/names.hpp"

namespace xen::efi {

struct Piece {
    u64 start = 0, bytes = 0;       // physical, which is what firmware maps
};

struct Handover {
    Piece map{};                    // the memory map; none: the image was not started by firmware
    u64 entry_bytes = 0;
    bool from_file = false;         // the configuration file names dom0, not the device tree
    Piece kernel{}, ramdisk{};
    Line options{}, kernel_options{};
};

}  // namespace xen::efi
