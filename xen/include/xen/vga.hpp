// SPDX-License-Identifier: MIT
// The VGA text console, `vga=`text-80x25 (the default), current, gfx, none, and keep. Given to dom0 when it starts unless
// kept. A mode with graphics is left to dom0.
#pragma once

#include <xen/boot_info.hpp>

namespace xen::vga {

bool keeps_graphics();             // `vga=` asks for the mode that the loader has set
void init(const BootInfo& boot);   // boot CPU, after the options; nothing happens where there is no text mode
void release();                    // dom0 starts

// The text mode that the VGA is in, with the place of the cursor now; whether the console used it or not.
struct TextMode {
    u16 columns, rows, cursor_x, cursor_y, font_height;
};
Maybe<TextMode> text_mode(const BootInfo& boot);

}  // namespace xen::vga
