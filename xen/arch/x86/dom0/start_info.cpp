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

void write_start_info(const BootInfo& boot, const pv_build::Built& built, const pv_build::StartInfo& s) {
    start_info_frame = built.start_info;
    pv_build::write_start_info(built, s);
    write_command_line(MappedPage<Page>{start_info_frame}->info, boot.modules[0].cmdline);
}

void hand_over_screen(const BootInfo& boot) {
    MappedPage<Page> page{start_info_frame};
    dom0_vga_console_info screen = describe_screen(boot, vga::text_mode(boot));
    memcpy(page->bytes + sizeof(start_info), &screen, sizeof(screen));
    page->info.console.dom0.info_off = sizeof(start_info);
    page->info.console.dom0.info_size = sizeof(screen);
}

}  // namespace xen::dom0
