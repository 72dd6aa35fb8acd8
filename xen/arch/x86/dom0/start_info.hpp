// SPDX-License-Identifier: MIT
#pragma once

#include <xen/boot_info.hpp>

#include "arch/x86/pv_build/build.hpp"

namespace xen::dom0 {

void write_start_info(const BootInfo& boot, const pv_build::Built& built, const pv_build::StartInfo& s);

}  // namespace xen::dom0
