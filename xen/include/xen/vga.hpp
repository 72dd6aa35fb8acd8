// SPDX-License-Identifier: MIT
// The VGA text console, `vga=`text-80x25 (the default), keep, current, none. Given to dom0 when it starts unless kept.
#pragma once

#include <xen/boot_info.hpp>

namespace xen::vga {

void init(const BootInfo& boot);   // boot CPU, after the options; nothing happens where there is no text mode
void release();                    // dom0 starts

// What dom0 is told of the screen (start_info.console.dom0, public/xen.h dom0_vga_console_info); false: there is none.
struct TextMode {
    u16 columns, rows, cursor_x, cursor_y, font_height;
};
bool text_mode(TextMode& mode);

}  // namespace xen::vga
