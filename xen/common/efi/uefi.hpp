// SPDX-License-Identifier: MIT
// What is used of EFI firmware's interfaces (UEFI Specification 2.10; chapters at each). A member that is only passed over is a
// `Unused`. The calling convention is the compiler's own: that of AArch64 (2.3.6).
#pragma once

#include "lib/types.hpp"

namespace xen::efi {

using Handle = void*;
using Char = char16_t;
using Unused = void*;

// Appendix D.
enum class Outcome : u64 {
    success = 0,
    load_error = u64{1} << 63 | 1,
    invalid_parameter = u64{1} << 63 | 2,
    unsupported = u64{1} << 63 | 3,
    buffer_too_small = u64{1} << 63 | 5,
    out_of_resources = u64{1} << 63 | 9,
    not_found = u64{1} << 63 | 14,
};

struct Guid {
    u32 a;
    u16 b, c;
    u8 d[8];
    friend bool operator==(const Guid& x, const Guid& y) { return !__builtin_memcmp(&x, &y, sizeof x); }
};

struct TableHeader {
    u64 signature;
    u32 revision, bytes, crc, reserved;
};

// 12.4
struct TextOutput {
    Unused reset;
    Outcome (*output)(TextOutput*, const Char*);
};

// 7: allocation, the memory map, protocols, the end of boot services.
enum class Allocate : u32 { any_pages = 0 };
enum class Memory : u32 { loader_code = 1, loader_data = 2 };
struct BootServices {
    TableHeader header;
    Unused priorities[2];
    Outcome (*allocate_pages)(Allocate, Memory, usize pages, u64* at);
    Outcome (*free_pages)(u64 at, usize pages);
    Outcome (*memory_map)(usize* bytes, void* map, usize* key, usize* entry_bytes, u32* version);
    Unused pools[2], events[6], installing[3];
    Outcome (*handle_protocol)(Handle, const Guid*, void** interface);
    Unused reserved, locating[3], configuration, images[4];
    Outcome (*exit)(Handle image, usize key);
};

// 4.6
inline constexpr Guid kDeviceTree = {0xb1b621d5, 0xf19c, 0x41a5, {0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0}};
struct ConfigurationTable {
    Guid guid;
    void* table;
};

// 4.3
struct SystemTable {
    TableHeader header;
    Unused vendor;
    u64 revision;
    Unused input[2], output_handle;
    TextOutput* output;
    Unused errors[2], runtime;
    BootServices* boot;
    usize tables;
    ConfigurationTable* table;
};
static_assert(sizeof(TableHeader) == 24 && __builtin_offsetof(BootServices, handle_protocol) == 24 + 16 * 8);
static_assert(__builtin_offsetof(BootServices, exit) == 24 + 26 * 8 && __builtin_offsetof(SystemTable, boot) == 96);

// 10.3.1: a list of nodes of various lengths; 10.3.5.4: one with a part of a path.
struct DevicePath {
    u8 type, subtype, bytes[2];
    static constexpr u8 kMedia = 4, kFile = 4, kEnd = 0x7f;
};

// 9.1
inline constexpr Guid kLoadedImage = {0x5b1b31a1, 0x9562, 0x11d2, {0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};
struct LoadedImage {
    u64 revision;
    Unused parent, system;
    Handle device;
    const DevicePath* path;
    Unused reserved;
    u32 option_bytes;
    const Char* options;
};

// 13.4, 13.5
inline constexpr Guid kFileSystem = {0x964e5b22, 0x6459, 0x11d2, {0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};
struct File {
    u64 revision;
    Outcome (*open)(File*, File** opened, const Char* name, u64 mode, u64 attributes);
    Outcome (*close)(File*);
    Unused remove;
    Outcome (*read)(File*, usize* bytes, void* to);
    Unused write;
    Outcome (*position)(File*, u64* at);
    Outcome (*seek)(File*, u64 at);
    static constexpr u64 kForReading = 1, kItsEnd = ~u64{0};
};
struct FileSystem {
    u64 revision;
    Outcome (*open)(FileSystem*, File** root);
};

}  // namespace xen::efi
