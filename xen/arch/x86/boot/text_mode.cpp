// SPDX-License-Identifier: MIT
// A multiboot2 loader that is asked for graphics, which EFI needs, sets them under a BIOS as well. There the video BIOS
// brings the text back, unless `vga=` wants the graphics kept: the console is a text console, and so is what dom0 expects.
#include <asm/pagemap.hpp>
#include <xen/compiler.hpp>
#include <xen/vga.hpp>

#include "arch/x86/boot/boot.hpp"
#include "lib/string.hpp"

extern "C" char text_mode_start[], text_mode_end[];

namespace xen::boot {
namespace {

constexpr Paddr kVideoVector{0x10 * 4};
constexpr u32 kFirstRom = 0xc0000;

// Loaders set modes without a BIOS too (coreboot): then the vector points to nothing of the video ROM's kind.
XEN_INIT bool has_video_bios() {
    auto* vector = static_cast<const u16*>(arch::direct_map(kVideoVector));
    u32 at = u32{vector[1]} * 16 + vector[0];
    auto* rom = static_cast<const u8*>(arch::direct_map(Paddr{kFirstRom}));
    return at >= kFirstRom && rom[0] == 0x55 && rom[1] == 0xaa;
}

}  // namespace

XEN_INIT void restore_text_mode() {
    bool graphics = info.framebuffer && info.framebuffer->kind != kLoaderText;
    if (!graphics || info.efi || vga::keeps_graphics() || !trampoline.raw() || !has_video_bios()) return;
    memcpy(arch::direct_map(trampoline), text_mode_start, static_cast<usize>(text_mode_end - text_mode_start));
    reinterpret_cast<void (*)(u64)>(trampoline.raw())(trampoline.raw());
    info.framebuffer = nothing;
}

}  // namespace xen::boot
