// SPDX-License-Identifier: MIT
// HYPERVISOR_platform_op (public/platform.h): what the hardware domain asks of the machine's owner.
#pragma once

#include <public/platform.h>
#include <xen/control.hpp>

#include "lib/bytes.hpp"

namespace xen::control::platform_ops {

// Time and power (power.cpp).
Status set_time(u64 seconds, u32 nanoseconds, u64 system_time);
Status enter_sleep(const xenpf_enter_acpi_sleep& x);
Status processor_power(const xenpf_set_processor_pminfo& x);

// CPUs (cpu.cpp).
Status cpu_info(xenpf_pcpuinfo& x);
Status cpu_version(xenpf_pcpu_version& x);
Status cpu_online(u32 cpu, bool online);

// What cannot be added (hotplug.cpp), and our functions' names (symbol.cpp).
Status add_cpu(const xenpf_cpu_hotadd& x);
Status add_memory(const xenpf_mem_hotadd& x);
Status load_microcode(const xenpf_microcode_update& x);
Status symbol(xenpf_symdata& x);

// Firmware (firmware.cpp).
Status firmware_info(xenpf_firmware_info& x);

}  // namespace xen::control::platform_ops

namespace xen::arch {

// XENPF_resource_op: a few MSRs on a CPU, one after the other up to the first that fails. Gives how many went well.
Result<s64> access_resources(const xenpf_resource_op& op);
// XENPF_microcode_update: a container for all CPUs. Errno::inval damaged, noent nothing newer in it for these processors, io
// they did not take it.
Status update_microcode(Bytes container);

}  // namespace xen::arch
