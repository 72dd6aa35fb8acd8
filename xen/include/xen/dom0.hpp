// SPDX-License-Identifier: MIT
// Builds the first domain from the boot modules: the first is its kernel, the second its initial ramdisk. Boot CPU,
// once, when every subsystem is up; the domain is left paused. Errors are logged with their cause.
#pragma once

#include <xen/boot_info.hpp>

#include "lib/result.hpp"

namespace xen::dom0 {

Status build(const BootInfo& boot);
usize modules_used(const BootInfo& boot);   // of the first ones: they are dom0's
// After the last line of ours on the screen: dom0 is told what is on it and where the cursor stands.
void hand_over_screen(const BootInfo& boot);
// From now on the machine goes off, or reboots, with the hardware domain.
void follow_shutdown();

}  // namespace xen::dom0
