// SPDX-License-Identifier: MIT
// start_info of dom0 (public/xen.h) and the console description behind it.
#include "arch/x86/dom0/start_info.hpp"

#include <public/xen.h>
#include <xen/dom0.hpp>
#include <xen/log.hpp>
#include <xen/platform.hpp>

#include "arch/x86/dom0/command_line.hpp"
#include "arch/x86/dom0/screen.hpp"
#include "lib/string.hpp"

namespace xen::dom0 {
namespace {

union Page {
    start_info info;
    u8 bytes[kPageSize];
};

Mfn start_info_frame{0};

void write_command_line(start_info& si, Str given) {
    auto* to = reinterpret_cast<char*>(si.cmd_line);
    if (!build_command_line(to, sizeof(si.cmd_line), given, platform::tables().rsdp_apart))
        log_warning("dom0's command line is longer than %zu characters: cut", sizeof(si.cmd_line) - 1);
}

}  // namespace

void write_start_info(const StartInfo& s, const Frames& frames, const Plan& plan, const P2mFrames& p2m) {
    u64 pfn = plan.pfn_of(plan.start_info);
    frames.clear(pfn << kPageShift, kPageSize);
    start_info_frame = frames.at(pfn);
    MappedPage<Page> page{start_info_frame};
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
    write_command_line(si, s.boot->modules[0].cmdline);
}

void hand_over_screen(const BootInfo& boot) {
    MappedPage<Page> page{start_info_frame};
    dom0_vga_console_info screen = describe_screen(boot, vga::text_mode(boot));
    memcpy(page->bytes + sizeof(start_info), &screen, sizeof(screen));
    page->info.console.dom0.info_off = sizeof(start_info);
    page->info.console.dom0.info_size = sizeof(screen);
}

}  // namespace xen::dom0
