// SPDX-License-Identifier: MIT
#include <xen/image.hpp>

namespace xen::image {
namespace {

// Linux, Documentation/arch/x86/boot.rst, payload_offset; the last from lzop.
struct Kind {
    Packing packing;
    const char* name;
    u8 magic[4];
    u8 magic_bytes;
};
constexpr Kind kKinds[] = {
    {Packing::elf, "ELF", {0x7f, 'E', 'L', 'F'}, 4},
    {Packing::gzip, "gzip", {0x1f, 0x8b}, 2},
    {Packing::xz, "xz", {0xfd, '7', 'z', 'X'}, 4},
    {Packing::zstd, "zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4},
    {Packing::lz4, "lz4", {0x02, 0x21, 0x4c, 0x18}, 4},
    {Packing::bzip2, "bzip2", {'B', 'Z', 'h'}, 3},
    {Packing::lzma, "lzma", {0x5d, 0, 0}, 3},
    {Packing::lzo, "lzo", {0x89, 'L', 'Z', 'O'}, 4},
};

}  // namespace

Packing packing_of(Bytes payload) {
    for (const Kind& k : kKinds)
        if (payload.size() >= k.magic_bytes && __builtin_memcmp(payload.data(), k.magic, k.magic_bytes) == 0) return k.packing;
    return Packing::unknown;
}

const char* name_of(Packing p) {
    for (const Kind& k : kKinds)
        if (k.packing == p) return k.name;
    return "";
}

}  // namespace xen::image
