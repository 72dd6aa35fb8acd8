// SPDX-License-Identifier: MIT
// What the boot loader handed over, in one form for every protocol. Physical addresses; strings are copied.
#pragma once

#include <array>

#include "lib/index.hpp"
#include "lib/maybe.hpp"
#include "lib/string.hpp"

namespace xen {

// As in E820 and the multiboot memory maps.
enum class MemoryType : u32 { ram = 1, reserved = 2, acpi = 3, nvs = 4, unusable = 5 };

struct MemoryRange {
    Paddr start{};
    u64 bytes = 0;
    MemoryType type = MemoryType::reserved;
    Paddr end() const { return start + bytes; }
};

struct BootModule {
    Paddr start{};
    u64 bytes = 0;
    Str cmdline{};
};

struct BootInfo {
    static constexpr usize kMaxRanges = 256;
    static constexpr usize kMaxModules = 16;
    std::array<MemoryRange, kMaxRanges> memory{};   // sorted, not overlapping
    usize memory_count = 0;
    std::array<BootModule, kMaxModules> modules{};
    usize module_count = 0;
    Str cmdline{};
    Str loader{};
    Maybe<Paddr> rsdp{};            // the loader's copy of the ACPI root pointer
    Paddr image_start{}, image_end{};
    Maybe<Paddr> efi_system_table{};
    bool efi = false, efi_wide = false;   // booted by EFI firmware; it is 64-bit firmware
    struct Framebuffer {
        Paddr address{};
        u32 pitch = 0, width = 0, height = 0;
        u8 bpp = 0, kind = 0;       // multiboot2 framebuffer type: 0 indexed, 1 RGB, 2 EGA text
        u8 red_pos = 0, red_size = 0, green_pos = 0, green_size = 0, blue_pos = 0, blue_size = 0;
    };
    Maybe<Framebuffer> framebuffer{};
};

}  // namespace xen
