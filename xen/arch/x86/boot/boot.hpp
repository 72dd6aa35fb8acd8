// SPDX-License-Identifier: MIT
// Private to arch/x86/boot: the steps of bringing up the boot CPU, in the order of main.cpp. All run once, on the
// boot CPU, interrupts off; the code is given back after dom0 starts.
#pragma once

#include <xen/boot_info.hpp>
#include <xen/free_ranges.hpp>
#include <xen/multiboot.hpp>

namespace xen::boot {

inline constexpr u8 kLoaderText = 2;    // BootInfo::Framebuffer::kind of a text screen

extern BootInfo info;
extern FreeRanges free_memory;      // RAM that nothing uses yet
extern Paddr trampoline;            // a free page below 640 KiB, for real mode: the start of other CPUs, the video BIOS

// Reads what the loader left below 4 GiB into `info` and `free_memory`.
Status read_loader_info(u32 magic, Paddr at);
void log_loader_info();

// From the loader's graphics back to text, where a BIOS can do it. On the boot tables, after the options are parsed.
void restore_text_mode();
// `mem=`: RAM above it is taken out of the memory map and of `free_memory`; modules there move down.
void limit_memory();

// The final page tables: direct map, the image with its section's rights, frame table and M2P. Loads them.
void build_page_tables();
// Hands `free_memory` to the allocator, after memory::init.
void release_free_memory();
// Code and data of boot are unmapped and given to the allocator.
void release_init_memory();


// dom0 from the first modules, and what a description among the modules says: all paused. A panic when something that
// was asked for cannot be.
void build_domains();

}  // namespace xen::boot

extern "C" {
extern char image_start[], image_end[], text_start[], text_end[], init_text_start[], init_text_end[], rodata_start[],
    rodata_end[], ro_after_init_start[], ro_after_init_end[], data_start[], data_end[], init_bss_start[], init_bss_end[],
    percpu_start[], percpu_end[], boot_percpu[], stub_page[];
}
