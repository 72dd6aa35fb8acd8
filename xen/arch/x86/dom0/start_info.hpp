// SPDX-License-Identifier: MIT
#pragma once

#include <xen/boot_info.hpp>

#include "arch/x86/dom0/tables.hpp"

namespace xen::dom0 {

struct StartInfo {
    const BootInfo* boot;
    u64 nr_pages;
    Mfn shared_info;
    u64 ramdisk_bytes;
    u64 ramdisk_pfn;       // when it is not mapped
};
void write_start_info(const StartInfo& s, const Frames& frames, const Plan& plan, const P2mFrames& p2m);

}  // namespace xen::dom0
