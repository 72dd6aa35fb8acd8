// SPDX-License-Identifier: MIT
// What Arm guests and their tools are told of what they run on.
#pragma once

#include <public/domctl.h>
#include <public/features.h>

#include "lib/types.hpp"

namespace xen::arch {

inline constexpr char kCapabilities[] = "xen-3.0-aarch64 ";   // XENVER_capabilities

inline constexpr u32 kFeatures = 1u << XENFEAT_writable_page_tables | 1u << XENFEAT_auto_translated_physmap |
                                 1u << XENFEAT_ARM_SMCCC_supported;
// The hardware domain alone has its memory where the machine has it.
inline constexpr bool kAllDirectMapped = false;

inline constexpr u64 kVmAssists = u64{1} << VMASST_TYPE_runstate_update_flag;

inline constexpr u32 kDomainInfoFlags = XEN_DOMINF_hvm_guest | XEN_DOMINF_hap;   // of every domain

}  // namespace xen::arch
