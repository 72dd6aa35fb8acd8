// SPDX-License-Identifier: MIT
// start_info of dom0 (public/xen.h) and the console description behind it.
#include "arch/x86/dom0/start_info.hpp"

#include <public/xen.h>

#include "lib/string.hpp"

namespace xen::dom0 {
namespace {

constexpr u8 kVgaText = 3, kVesaFramebuffer = 0x23;

// The ABI always has it; type 0 is no screen that we know of.
dom0_vga_console_info console_info(const BootInfo& boot) {
    dom0_vga_console_info c{};
    if (!boot.framebuffer) return c;
    const BootInfo::Framebuffer& f = *boot.framebuffer;
    if (f.kind == 2) {
        c.video_type = kVgaText;
        c.u.text_mode_3.font_height = 16;
        c.u.text_mode_3.rows = static_cast<u16>(f.height);
        c.u.text_mode_3.columns = static_cast<u16>(f.width);
        return c;
    }
    if (f.kind != 1) return c;
    c.video_type = kVesaFramebuffer;
    auto& v = c.u.vesa_lfb;
    v.width = static_cast<u16>(f.width);
    v.height = static_cast<u16>(f.height);
    v.bytes_per_line = static_cast<u16>(f.pitch);
    v.bits_per_pixel = f.bpp;
    v.lfb_base = static_cast<u32>(f.address.raw());
    v.ext_lfb_base = static_cast<u32>(f.address.raw() >> 32);
    v.lfb_size = static_cast<u32>((u64{f.pitch} * f.height + 0xffff) >> 16);
    v.red_pos = f.red_pos;
    v.red_size = f.red_size;
    v.green_pos = f.green_pos;
    v.green_size = f.green_size;
    v.blue_pos = f.blue_pos;
    v.blue_size = f.blue_size;
    return c;
}

}  // namespace

void write_start_info(const StartInfo& s, const Frames& frames, const Plan& plan, const P2mFrames& p2m) {
    union Page {
        start_info info;
        u8 bytes[kPageSize];
    };
    u64 pfn = plan.pfn_of(plan.start_info);
    frames.clear(pfn << kPageShift, kPageSize);
    MappedPage<Page> page{frames.at(pfn)};
    start_info& si = page->info;
    copy_string(si.magic, sizeof(si.magic), "xen-3.0-x86_64");
    si.nr_pages = s.nr_pages;
    si.shared_info = address_of(s.shared_info).raw();
    si.flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
    si.pt_base = plan.page_tables;
    si.nr_pt_frames = plan.page_table_count;
    si.mfn_list = plan.p2m;
    si.first_p2m_pfn = p2m.first_pfn;
    si.nr_p2m_frames = p2m.count();
    if (s.ramdisk_bytes) {
        si.mod_start = plan.ramdisk ? plan.ramdisk : s.ramdisk_pfn;
        si.mod_len = s.ramdisk_bytes;
        if (!plan.ramdisk) si.flags |= SIF_MOD_START_PFN;
    }
    copy_string(reinterpret_cast<char*>(si.cmd_line), sizeof(si.cmd_line), s.boot->modules[0].cmdline);
    dom0_vga_console_info console = console_info(*s.boot);
    memcpy(page->bytes + sizeof(si), &console, sizeof(console));
    si.console.dom0.info_off = sizeof(si);
    si.console.dom0.info_size = sizeof(console);
}

}  // namespace xen::dom0
