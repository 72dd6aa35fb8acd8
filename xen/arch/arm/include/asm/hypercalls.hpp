// SPDX-License-Identifier: MIT
// The hypercalls that Arm adds to the common ones (public/xen.h), as a list for the table.
#pragma once

#include <public/vcpu.h>
#include <xen/control.hpp>

#define XEN_ARCH_HYPERCALLS(X) X(__HYPERVISOR_hvm_op, control::hvm_op)
#define XEN_ARCH_NESTED(X)

namespace xen::hypercall {
// ABI: vCPUs start and stop by PSCI and have timers of their own; of vcpu_op there is what tells the hypervisor of memory.
constexpr bool has_vcpu_op(u32 cmd) { return cmd == VCPUOP_register_vcpu_info || cmd == VCPUOP_register_runstate_memory_area; }
}
