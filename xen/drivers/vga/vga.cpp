// SPDX-License-Identifier: MIT
#include <xen/vga.hpp>

#include <asm/cpu.hpp>
#include <asm/mapping.hpp>
#include <xen/log.hpp>
#include <xen/option.hpp>

#include "drivers/vga/text.hpp"
#include "lib/words.hpp"

namespace xen::vga {
namespace {

constexpr Paddr kTextMemory{0xb8000};
constexpr usize kTextBytes = TextScreen::kColumns * TextScreen::kRows * 2;
constexpr u16 kCrtcIndex = 0x3d4, kCrtcData = 0x3d5;
constexpr u16 kGraphicsIndex = 0x3ce, kGraphicsData = 0x3cf;
constexpr u8 kMaxScanLine = 0x09, kCursorHigh = 0x0e, kCursorLow = 0x0f;
constexpr u8 kLoaderText = 2;      // multiboot2 3.6.12: EGA text

u8 crtc(u8 index) {
    arch::outb(kCrtcIndex, index);
    return arch::inb(kCrtcData);
}

class Cursor final : public CursorPort {
public:
    void move(u16 cell) override {
        arch::outb(kCrtcIndex, kCursorHigh);
        arch::outb(kCrtcData, static_cast<u8>(cell >> 8));
        arch::outb(kCrtcIndex, kCursorLow);
        arch::outb(kCrtcData, static_cast<u8>(cell));
    }
};

constinit Cursor cursor;
constinit TextScreen screen;
bool used = false, keep = false;

u16 cursor_cell() { return static_cast<u16>(crtc(kCursorHigh) << 8 | crtc(kCursorLow)); }

// Graphics controller register 6, bit 0: graphics mode. Nothing there reads all ones.
bool in_text_mode() {
    arch::outb(kGraphicsIndex, 6);
    u8 mode = arch::inb(kGraphicsData);
    return mode != 0xff && !(mode & 1);
}

// EFI firmware leaves no text mode; where the loader says what the screen shows, it is right.
bool has_text_mode(const BootInfo& boot) {
    bool graphics = boot.framebuffer && boot.framebuffer->kind != kLoaderText;
    return !graphics && !boot.efi && in_text_mode();
}

u16 font_height() { return static_cast<u16>((crtc(kMaxScanLine) & 0x1f) + 1); }

struct Choice {
    bool text = true, keep = false, graphics = false;
    Str unknown{};
};
Choice parse(Str list) {
    Choice c;
    for (Str item : Words{list}) {
        if (item == "keep") c.keep = true;
        else if (item == "none") c.text = false;
        else if (item == "current" || item.starts_with("gfx")) c.graphics = true;
        else if (!(item == "text-80x25" || item == "ask")) c.unknown = item;
    }
    return c;
}

}  // namespace

bool keeps_graphics() { return parse(option::values().vga).graphics; }

void init(const BootInfo& boot) {
    Choice c = parse(option::values().vga);
    if (!c.unknown.empty())
        log_warning("vga=%.*s: this mode cannot be set, text stays", static_cast<int>(c.unknown.size()), c.unknown.data());
    if (used || !c.text || !has_text_mode(boot)) return;
    void* at = arch::map_device(kTextMemory, kTextBytes);
    if (!at) return;
    keep = c.keep;
    used = true;
    screen.open(static_cast<volatile u16*>(at), cursor, cursor_cell());
    console::add_device(screen, "vga");
}

void release() {
    if (!used) return;
    if (!keep) log_line("Xen is relinquishing VGA console.");
    if (!keep) console::remove_device(screen);
}

Maybe<TextMode> text_mode(const BootInfo& boot) {
    if (!has_text_mode(boot)) return nothing;
    u16 cell = cursor_cell();
    return TextMode{TextScreen::kColumns, TextScreen::kRows, static_cast<u16>(cell % TextScreen::kColumns),
                    static_cast<u16>(cell / TextScreen::kColumns), font_height()};
}

}  // namespace xen::vga
