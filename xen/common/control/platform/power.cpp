// SPDX-License-Identifier: MIT
#include <xen/platform.hpp>
#include <xen/time.hpp>

#include "common/control/platform/platform_op.hpp"

namespace xen::control::platform_ops {

Status set_time(u64 seconds, u32 nanoseconds, u64 system_time) {
    time::set_wall_clock(seconds, nanoseconds, Nanos{static_cast<s64>(system_time)});
    return {};
}

Status enter_sleep(const xenpf_enter_acpi_sleep& x) {
    if (x.flags & ~u32{XENPF_ACPI_SLEEP_EXTENDED} || x.sleep_state > 5) return Errno::inval;
    return platform::enter_sleep(static_cast<u8>(x.sleep_state), x.val_a, x.val_b);
}

// CPUs idle by HLT and run at the firmware's frequency: what the tables offer beyond is taken note of by nobody.
Status processor_power(const xenpf_set_processor_pminfo& x) {
    switch (x.type) {
    case XEN_PM_CX:
    case XEN_PM_PDC: return {};
    case XEN_PM_PX: return Errno::nosys;
    default: return Errno::inval;
    }
}

}  // namespace xen::control::platform_ops
