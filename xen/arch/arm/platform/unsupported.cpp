// SPDX-License-Identifier: MIT
// What the common hypercalls know and Arm machines have not: I/O ports, microcode, model-specific registers, NMIs.
#include <asm/cpu_affinity.hpp>
#include <xen/arch_vcpu.hpp>
#include <xen/domain.hpp>
#include <xen/platform.hpp>

#include "common/control/physdev/physdev.hpp"
#include "common/control/platform/platform_op.hpp"

namespace xen::arch {

Status set_iopl(u32) { return Errno::nosys; }
Status set_io_bitmap(u64, u32) { return Errno::nosys; }
Result<s64> access_resources(const xenpf_resource_op&) { return Errno::nosys; }
Status update_microcode(Bytes) { return Errno::nosys; }
void raise_nmi(Vcpu&) {}   // VCPUOP_send_nmi is for guests with an NMI callback: none here can set one

u64 physical_id(CpuId cpu) { return cpu.raw() < platform::cpus().size() ? affinity_of(cpu) : 0; }

// The guest's counter is the virtual one, which began with the domain.
void show_guest_time(const Domain& d, time::Stamp& stamp, time::Scale&) { stamp.tsc -= d.arch.counter_offset; }

}  // namespace xen::arch
