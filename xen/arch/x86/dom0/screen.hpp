// SPDX-License-Identifier: MIT
#pragma once

#include <public/xen.h>
#include <xen/boot_info.hpp>
#include <xen/vga.hpp>

namespace xen::dom0 {

// What dom0 is told of the screen: the VGA's text mode where it is in one, else the loader's frame buffer, else nothing
// (video_type 0, which Linux takes for a VGA in text mode).
dom0_vga_console_info describe_screen(const BootInfo& boot, const Maybe<vga::TextMode>& text);

}  // namespace xen::dom0
