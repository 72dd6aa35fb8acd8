// SPDX-License-Identifier: MIT
// What x86 PV guests and their tools are told of what they run on.
#pragma once

#include <public/features.h>
#include <public/xen.h>

#include "lib/types.hpp"

namespace xen::arch {

inline constexpr char kCapabilities[] = "xen-3.0-x86_64 ";   // XENVER_capabilities

inline constexpr u32 kFeatures = 1u << XENFEAT_mmu_pt_update_preserve_ad | 1u << XENFEAT_highmem_assist |
                                 1u << XENFEAT_gnttab_map_avail_bits;
// The frame numbers of a PV guest are the machine's.
inline constexpr bool kAllDirectMapped = true;

// What a 64-bit PV guest may switch (public/xen.h VMASST_TYPE_*).
inline constexpr u64 kVmAssists = u64{1} << VMASST_TYPE_4gb_segments | u64{1} << VMASST_TYPE_4gb_segments_notify |
                                  u64{1} << VMASST_TYPE_writable_pagetables | u64{1} << VMASST_TYPE_pae_extended_cr3 |
                                  u64{1} << VMASST_TYPE_architectural_iopl | u64{1} << VMASST_TYPE_runstate_update_flag |
                                  u64{1} << VMASST_TYPE_m2p_strict;

inline constexpr u32 kDomainInfoFlags = 0;   // XEN_DOMINF_* of every domain

}  // namespace xen::arch
