// SPDX-License-Identifier: MIT
// Private to arch/arm/boot: the steps of bringing up the boot CPU, in the order of main.cpp. All run once, on the boot CPU,
// interrupts off; the code is given back after dom0 starts.
#pragma once

#include <xen/boot_info.hpp>
#include <xen/device_tree.hpp>
#include <xen/free_ranges.hpp>

#include "common/efi/handover.hpp"
#include "lib/result.hpp"

namespace xen::boot {

extern BootInfo info;
extern efi::Handover efi_handover;  // of the stub that started this image, if one did
extern FreeRanges free_memory;      // RAM that nothing uses yet

// The final tables with what is known before memory is: the image with its sections' rights, the start page. Loads them.
void build_first_tables(Paddr image);
// Maps the tree and reads from it into `info` and `free_memory`: memory, modules, command line.
void read_tree(Paddr tree);
void log_tree_info();
// Memory that no domain of the description may have: the hypervisor, the tree, what the tree reserves, dom0's modules.
using Taken = FixedVector<device_tree::Range, 64>;
Taken taken_memory();
// `mem=`: RAM above it is taken out of the memory map and of `free_memory`.
void limit_memory();
// The direct map and the frame table.
void map_memory();
// Hands `free_memory` to the allocator, after memory::init.
void release_free_memory();
// dom0, and the domains that the tree describes: all paused. A panic when something that was asked for cannot be.
void build_domains();
// Code and data of boot are unmapped and given to the allocator.
void release_init_memory();

}  // namespace xen::boot

extern "C" {
extern char image_start[], image_end[], head_end[], text_start[], text_end[], init_text_start[], init_text_end[], rodata_start[],
    rodata_end[], ro_after_init_start[], ro_after_init_end[], data_start[], data_end[], init_bss_start[], init_bss_end[],
    percpu_start[], percpu_end[], boot_percpu[], file_end[];
}
