// SPDX-License-Identifier: MIT
#include "arch/x86/platform/cpu_list.hpp"

namespace xen::platform {

void number_cpus(const acpi::Madt& madt, u32 boot_id, u32 largest_id, CpuList& out) {
    out.cpus.clear();
    out.left_out = madt.cpus_left_out;
    out.unreachable = 0;
    static_cast<void>(out.cpus.push({boot_id, 0, NodeId{0}, true}));
    for (const CpuEntry& c : madt.cpus) {
        if (c.apic_id == boot_id) out.cpus[0] = c;
        else if (c.apic_id > largest_id) ++out.unreachable;
        else if (!out.cpus.push(c)) ++out.left_out;
    }
    out.cpus[0].enabled = true;
}

}  // namespace xen::platform
