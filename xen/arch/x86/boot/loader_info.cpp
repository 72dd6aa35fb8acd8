// SPDX-License-Identifier: MIT
// The loader's information, read through the boot tables' map of the low 4 GiB.
#include <asm/pagemap.hpp>
#include <xen/compiler.hpp>
#include <xen/log.hpp>

#include "arch/x86/boot/boot.hpp"

namespace xen::boot {

BootInfo info;
FreeRanges free_memory;
Paddr trampoline;

namespace {

constexpr u64 kLowMemory = 0x100000;      // firmware's and the trampoline's
constexpr Paddr kBaseMemoryEnd{0xa0000};
constexpr Paddr kLoadAddress{0x200000};   // as in xen.ld
char text[8192];                          // strings of `info`

const void* read_low(Paddr at, u64 bytes) {
    u64 end = at.raw() + bytes;
    return at.raw() && end >= bytes && end <= u64{1} << 32 ? arch::direct_map(at) : nullptr;
}

// The information itself stays: a copy of the RSDP may be in it.
XEN_INIT void keep_information(u32 magic, Paddr at) {
    u32 bytes = 0;
    if (magic == multiboot::kMagic2) bytes = *static_cast<const u32*>(arch::direct_map(at));
    free_memory.remove(at, at + bytes);
}

// As Linux names them, so that the two logs compare.
const char* name_of(MemoryType t) {
    switch (t) {
    case MemoryType::ram: return "usable";
    case MemoryType::acpi: return "ACPI data";
    case MemoryType::nvs: return "ACPI NVS";
    case MemoryType::unusable: return "unusable";
    case MemoryType::reserved: break;
    }
    return "reserved";
}

const char* firmware() { return !info.efi ? "" : info.efi_wide ? ", from EFI" : ", from 32-bit EFI"; }

}  // namespace

XEN_INIT void log_loader_info() {
    log_info("loaded by %.*s%s", static_cast<int>(info.loader.size()), info.loader.data(), firmware());
    for (usize i = 0; i < info.memory_count; ++i) {
        const MemoryRange& r = info.memory[i];
        log_debug("memory %#018lx-%#018lx %s", r.start.raw(), r.end().raw() - 1, name_of(r.type));
    }
    if (info.framebuffer && info.framebuffer->kind != kLoaderText)
        log_info("screen: %ux%ux%u at %#lx, for dom0", info.framebuffer->width, info.framebuffer->height,
                 info.framebuffer->bpp, info.framebuffer->address.raw());
}

XEN_INIT Status read_loader_info(u32 magic, Paddr at) {
    multiboot::StringPool strings{text, sizeof(text)};
    TRY(multiboot::parse(magic, at, read_low, strings, info));
    info.image_start = kLoadAddress;
    info.image_end = kLoadAddress + static_cast<u64>(image_end - image_start);
    for (usize i = 0; i < info.memory_count; ++i)
        if (info.memory[i].type == MemoryType::ram) free_memory.add(info.memory[i].start, info.memory[i].end());
    free_memory.remove(info.image_start, info.image_end);
    for (usize i = 0; i < info.module_count; ++i)
        free_memory.remove(info.modules[i].start, info.modules[i].start + info.modules[i].bytes);
    keep_information(magic, at);
    // The processor's first page stays away from the firmware's data at the very start.
    free_memory.remove(Paddr{0}, Paddr{kPageSize});
    if (auto page = free_memory.take(kPageSize, kPageSize, kBaseMemoryEnd)) trampoline = *page;
    free_memory.remove(Paddr{0}, Paddr{kLowMemory});
    return {};
}

}  // namespace xen::boot
