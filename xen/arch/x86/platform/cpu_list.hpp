// SPDX-License-Identifier: MIT
// Which processors of the firmware's list become CPUs, and by which numbers. Pure.
#pragma once

#include <xen/platform.hpp>

namespace xen::platform {

struct CpuList {
    FixedVector<CpuEntry, config::nr_cpus> cpus;
    u32 left_out = 0;       // no room for them
    u32 unreachable = 0;    // APIC ids that the local APIC's mode cannot address: an INIT would go to another CPU
};

// The boot CPU is CPU 0, wherever the firmware lists it; the others follow as they come.
void number_cpus(const acpi::Madt& madt, u32 boot_id, u32 largest_id, CpuList& out);

}  // namespace xen::platform
