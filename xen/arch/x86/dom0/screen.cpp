// SPDX-License-Identifier: MIT
#include "arch/x86/dom0/screen.hpp"

#include <bit>

namespace xen::dom0 {
namespace {

using Framebuffer = BootInfo::Framebuffer;

constexpr u8 kRgb = 1;              // multiboot2 3.6.12
constexpr u64 kSizeUnit = 64 << 10;

dom0_vga_console_info text_screen(const vga::TextMode& t) {
    dom0_vga_console_info c{};
    c.video_type = XEN_VGATYPE_TEXT_MODE_3;
    c.u.text_mode_3.font_height = t.font_height;
    c.u.text_mode_3.cursor_x = t.cursor_x;
    c.u.text_mode_3.cursor_y = t.cursor_y;
    c.u.text_mode_3.rows = t.rows;
    c.u.text_mode_3.columns = t.columns;
    return c;
}

// The fields are 16 bits wide, 8 for what is within a pixel.
bool fits(const Framebuffer& f) {
    return f.kind == kRgb && f.width && f.height && f.width <= 0xffff && f.height <= 0xffff && f.pitch <= 0xffff;
}

u32 bits(u8 position, u8 count) {
    return position >= 32 || count >= 32 ? 0 : ((u32{1} << count) - 1) << position;
}

// The bits of a pixel that carry no colour, as far as they lie together. Linux counts them to tell 24 from 32 bits.
struct Field {
    u8 position = 0, count = 0;
};
Field unused_bits(const Framebuffer& f) {
    if (f.bpp > 32) return {};
    u32 used = bits(f.red_pos, f.red_size) | bits(f.green_pos, f.green_size) | bits(f.blue_pos, f.blue_size);
    u32 rest = static_cast<u32>((u64{1} << f.bpp) - 1) & ~used;
    if (!rest) return {};
    auto first = static_cast<u8>(std::countr_zero(rest));
    return {first, static_cast<u8>(std::countr_one(rest >> first))};
}

dom0_vga_console_info graphics_screen(const Framebuffer& f, bool efi) {
    dom0_vga_console_info c{};
    c.video_type = efi ? XEN_VGATYPE_EFI_LFB : XEN_VGATYPE_VESA_LFB;
    auto& v = c.u.vesa_lfb;
    v.width = static_cast<u16>(f.width);
    v.height = static_cast<u16>(f.height);
    v.bytes_per_line = static_cast<u16>(f.pitch);
    v.bits_per_pixel = f.bpp;
    v.lfb_base = static_cast<u32>(f.address.raw());
    v.ext_lfb_base = static_cast<u32>(f.address.raw() >> 32);
    v.lfb_size = static_cast<u32>((u64{f.pitch} * f.height + kSizeUnit - 1) / kSizeUnit);
    v.red_pos = f.red_pos;
    v.red_size = f.red_size;
    v.green_pos = f.green_pos;
    v.green_size = f.green_size;
    v.blue_pos = f.blue_pos;
    v.blue_size = f.blue_size;
    Field rest = unused_bits(f);
    v.rsvd_pos = rest.position;
    v.rsvd_size = rest.count;
    return c;
}

}  // namespace

dom0_vga_console_info describe_screen(const BootInfo& boot, const Maybe<vga::TextMode>& text) {
    if (text) return text_screen(*text);
    if (boot.framebuffer && fits(*boot.framebuffer)) return graphics_screen(*boot.framebuffer, boot.efi);
    return {};
}

}  // namespace xen::dom0
