// SPDX-License-Identifier: MIT
// From a boot loader's information structure (multiboot 1 and 2) to BootInfo. Pure: memory is read through the
// given function only, every length is checked, and garbage gives an error or is left out. Boot CPU, once.
#pragma once

#include <xen/boot_info.hpp>

#include "lib/result.hpp"

namespace xen::multiboot {

inline constexpr u32 kMagic1 = 0x2badb002;   // in EAX from a multiboot 1 loader
inline constexpr u32 kMagic2 = 0x36d76289;   // from a multiboot2 loader

// `bytes` readable bytes at a physical address, or nullptr when not all of them can be reached.
using Reader = const void* (*)(Paddr at, u64 bytes);

// Where the strings go; they live as long as it does.
class StringPool {
public:
    constexpr StringPool(char* space, usize bytes) : at_{space}, left_{bytes} {}
    Str keep(Str s);   // cut off when space runs out

private:
    char* at_;
    usize left_;
};

// Errno::inval: unknown magic or an unreadable structure. Errno::nodata: no memory map in it.
Status parse(u32 magic, Paddr info, Reader read, StringPool& strings, BootInfo& out);

// The command line without the image's own name, which every loader but GRUB 2 puts first (so Xen 4.17 decides).
Str without_image_name(Str line, Str loader);

}  // namespace xen::multiboot

namespace xen::boot {

// Sorts the memory ranges and resolves overlaps: the more restrictive type wins; neighbours of one type are joined.
void normalise(BootInfo& boot);
// False when the table is full (the range is left out).
bool add_range(BootInfo& boot, Paddr start, u64 bytes, MemoryType type);
// RAM at and above `limit` is unusable from now on. False when there is none.
bool limit_ram(BootInfo& boot, Paddr limit);

}  // namespace xen::boot
