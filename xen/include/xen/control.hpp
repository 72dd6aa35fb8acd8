// SPDX-License-Identifier: MIT
// Hypercalls of the toolstack and of the hardware domain, and what every guest may ask the hypervisor about itself.
#pragma once

#include <xen/domain.hpp>
#include <xen/guest_access.hpp>

namespace xen::control {

void init();                                   // boot CPU, after the console: debug key q

Result<s64> domctl(GuestInOut<void> arg);
Result<s64> sysctl(GuestInOut<void> arg);
Result<s64> platform_op(GuestInOut<void> arg);
Result<s64> physdev_op(u32 cmd, GuestInOut<void> arg);
Result<s64> physdev_op_compat(GuestInOut<void> op);
Result<s64> xen_version(u32 cmd, GuestInOut<void> arg);
Result<s64> xsm_op(GuestInOut<void> arg);
Result<s64> hypfs_op(u32 cmd, GuestIn<char> path, u64 path_bytes, GuestInOut<void> buffer, u64 bytes);
Result<s64> vm_assist(u32 cmd, u32 type);
Result<s64> kexec_op(u64 cmd, GuestInOut<void> arg);
Result<s64> xenoprof_op(u32 cmd, GuestInOut<void> arg);
Result<s64> hvm_op(u64 cmd, GuestInOut<void> arg);
Result<s64> device_model_op(u32 domain, u32 buffers, GuestInOut<void> arg);
Result<s64> paging_continued(GuestInOut<void> arg);   // __HYPERVISOR_arch_1
Result<s64> machine_check_op(GuestInOut<void> arg);
Result<s64> pmu_op(u32 cmd, GuestInOut<void> arg);

}  // namespace xen::control

namespace xen::memory {

Result<s64> memory_op(u64 cmd, GuestInOut<void> arg);   // the low 6 bits the sub-operation, above them progress

}  // namespace xen::memory
