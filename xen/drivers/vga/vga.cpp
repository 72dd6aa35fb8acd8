// SPDX-License-Identifier: MIT
#include <xen/vga.hpp>

#include <asm/cpu.hpp>
#include <asm/mapping.hpp>
#include <xen/log.hpp>
#include <xen/option.hpp>

#include "drivers/vga/text.hpp"

namespace xen::vga {
namespace {

constexpr Paddr kTextMemory{0xb8000};
constexpr usize kTextBytes = TextScreen::kColumns * TextScreen::kRows * 2;
constexpr u16 kCrtcIndex = 0x3d4, kCrtcData = 0x3d5;
constexpr u16 kGraphicsIndex = 0x3ce, kGraphicsData = 0x3cf;
constexpr u8 kCursorHigh = 0x0e, kCursorLow = 0x0f;

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

struct Choice {
    bool text = true, keep = false;
};
Choice parse(Str text) {
    Choice c;
    while (!text.empty()) {
        usize comma = text.find(',');
        Str item = text.substr(0, comma);
        if (item == "keep") c.keep = true;
        else if (item == "none") c.text = false;
        else if (!(item == "text-80x25" || item == "current" || item == "ask"))
            log_warning("vga=%.*s: this mode cannot be set, text stays", static_cast<int>(item.size()), item.data());
        text = comma == Str::npos ? Str{} : text.substr(comma + 1);
    }
    return c;
}

}  // namespace

void init(const BootInfo& boot) {
    Choice c = parse(option::values().vga);
    bool graphics = boot.framebuffer && boot.framebuffer->kind != 2;
    if (used || !c.text || graphics || boot.efi || !in_text_mode()) return;
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

bool text_mode(TextMode& mode) {
    if (!used) return false;
    u16 cell = cursor_cell();
    mode = {TextScreen::kColumns, TextScreen::kRows, static_cast<u16>(cell % TextScreen::kColumns),
            static_cast<u16>(cell / TextScreen::kColumns), 16};
    return true;
}

}  // namespace xen::vga
