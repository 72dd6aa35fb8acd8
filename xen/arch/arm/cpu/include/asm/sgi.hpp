// SPDX-License-Identifier: MIT
// The software-generated interrupts that CPUs send each other, and the private lines that are the hypervisor's.
#pragma once

namespace xen::sgi {

inline constexpr unsigned kEventCheck = 0, kCall = 1, kStop = 2;

}  // namespace xen::sgi

namespace xen::ppi {

// Those that the architecture recommends (ARM DEN0094 4.1.5), unless the device tree has others: the hypervisor's timer, the
// virtual timer.
inline constexpr unsigned kHypervisorTimer = 26, kVirtualTimer = 27;

}  // namespace xen::ppi
