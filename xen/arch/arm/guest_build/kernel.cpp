// SPDX-License-Identifier: MIT
#include "arch/arm/guest_build/kernel.hpp"

#include <xen/image.hpp>
#include <xen/log.hpp>

#include "lib/string.hpp"

namespace xen::guest_build {
namespace {

struct Header {
    u32 code[2];
    u64 text_offset, image_size, flags, reserved[3];
    u32 magic, pe_offset;
};
static_assert(sizeof(Header) == 64);

constexpr u32 kMagic = 0x644d5241;         // "ARM" and 0x64
constexpr u64 kBigEndian = 1;
constexpr u64 kOldOffset = 0x80000, kOldRoom = 16 << 20;   // kernels before 3.17 do not tell their size

u64 up(u64 v) { return (v + kImageAlign - 1) & ~(kImageAlign - 1); }

}  // namespace

Result<KernelImage> parse_kernel(Bytes file, const char* name) {
    Header h;
    if (file.size() < sizeof(h)) {
        log_error("%s's kernel has %lu bytes: no arm64 image", name, file.size());
        return Errno::noexec;
    }
    memcpy(&h, file.data(), sizeof(h));
    if (h.magic != kMagic || (h.flags & kBigEndian)) {
        const char* packing = image::name_of(image::packing_of(file));
        if (*packing) log_error("%s's kernel is packed with %s: only one that is packed with gzip can be unpacked here", name, packing);
        else log_error("%s's kernel is no little-endian arm64 Image", name);
        return Errno::noexec;
    }
    KernelImage k{file, h.text_offset, h.image_size};
    if (!k.bytes) {
        k.text_offset = kOldOffset;
        k.bytes = file.size() + kOldRoom;
    }
    if (k.bytes < file.size()) k.bytes = file.size();
    return k;
}

Places place(u64 start, const KernelImage& kernel, u64 ramdisk_bytes, u64 tree_bytes) {
    Places p;
    p.kernel = up(start) + kernel.text_offset;
    p.ramdisk = up(p.kernel + kernel.bytes);
    p.tree = up(p.ramdisk + ramdisk_bytes);
    p.end = p.tree + tree_bytes;
    return p;
}

}  // namespace xen::guest_build
