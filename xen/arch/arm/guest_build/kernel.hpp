// SPDX-License-Identifier: MIT
// An arm64 kernel image (Linux, Documentation/arm64/booting): where it wants to be. Pure.
#pragma once

#include "lib/bytes.hpp"
#include "lib/result.hpp"

namespace xen::guest_build {

inline constexpr u64 kImageAlign = 2 << 20;

struct KernelImage {
    Bytes file{};
    u64 text_offset = 0;   // behind an address of kImageAlign
    u64 bytes = 0;         // in memory, from there on
};

// Errno::noexec with a log line about `name`: no such image.
Result<KernelImage> parse_kernel(Bytes file, const char* name);

// Kernel, ramdisk and tree in one piece of memory, each from a multiple of 2 MiB on, so that the tree crosses none.
struct Places {
    u64 kernel = 0, ramdisk = 0, tree = 0, end = 0;
};
Places place(u64 start, const KernelImage& kernel, u64 ramdisk_bytes, u64 tree_bytes);

}  // namespace xen::guest_build
