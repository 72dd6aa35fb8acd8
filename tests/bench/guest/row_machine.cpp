// SPDX-License-Identifier: MIT
// The way to us, and what the hypervisor keeps for itself.
#include "measure.hpp"
#include "rows.hpp"
#include "test.hpp"
#include <public/sysctl.h>

namespace {
constexpr u64 kHostPages = (u64{1024} << 20) / kPageSize;   // tests/bench/run gives the machine 1 GiB
}

void machine(u64 started) {
    row("to_first_instruction", started);
    auto op = zeroed<xen_sysctl>();
    op.cmd = XEN_SYSCTL_physinfo;
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    if (const long rc = hypercall(__HYPERVISOR_sysctl, address(&op))) return no_row("own_kib", rc);
    row("own_kib", (kHostPages - op.u.physinfo.free_pages - boot_info->nr_pages) * 4, 1, Runs::none);
}
