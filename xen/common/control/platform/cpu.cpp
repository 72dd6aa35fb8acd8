// SPDX-License-Identifier: MIT
#include <xen/arch_control.hpp>
#include <xen/platform.hpp>
#include <xen/smp.hpp>

#include "common/control/hotplug.hpp"
#include "common/control/platform/platform_op.hpp"
#include "lib/string.hpp"

namespace xen::control::platform_ops {
namespace {

u32 last_present() {
    u32 last = 0;
    for (usize cpu : cpu_present) last = static_cast<u32>(cpu);
    return last;
}

bool is_present(u32 cpu) { return cpu < kMaxCpus && cpu_present.test(cpu) && cpu < platform::cpus().size(); }

}  // namespace

Status cpu_info(xenpf_pcpuinfo& x) {
    x.max_present = last_present();
    if (!is_present(x.xen_cpuid)) {
        x.flags = XEN_PCPU_FLAGS_INVALID;
        return {};
    }
    const platform::CpuEntry& c = platform::cpus()[x.xen_cpuid];
    x.apic_id = c.apic_id;
    x.acpi_id = c.acpi_id;
    x.flags = xen::cpu_online.test(x.xen_cpuid) ? XEN_PCPU_FLAGS_ONLINE : 0;
    return {};
}

Status cpu_version(xenpf_pcpu_version& x) {
    x.max_present = last_present();
    if (!is_present(x.xen_cpuid)) {
        memset(x.vendor_id, 0, sizeof(x.vendor_id));
        x.family = x.model = x.stepping = 0;
        return {};
    }
    arch::Identity id = arch::identity();
    memcpy(x.vendor_id, id.vendor, sizeof(x.vendor_id));
    x.family = id.family;
    x.model = id.model;
    x.stepping = id.stepping;
    return {};
}

Status cpu_online(u32 cpu, bool online) {
    if (!online && cpu == 0) return Errno::opnotsupp;  // the boot CPU stays
    if (!is_present(cpu)) return Errno::inval;
    if (online == xen::cpu_online.test(cpu)) return {};
    return online ? start_cpu(CpuId{cpu}) : smp::cpu_down(CpuId{cpu});
}

}  // namespace xen::control::platform_ops
