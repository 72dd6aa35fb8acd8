// SPDX-License-Identifier: MIT
// Arm guests take events as an interrupt: its masking is the virtual interrupt controller's, not vcpu_info's.
#pragma once

#include <asm/domain.hpp>
#include <public/xen.h>

#include "lib/types.hpp"

namespace xen::arch {

// The flag in vcpu_info went from 0 to 1: an edge of the event interrupt, given at the next entry.
inline void upcall_raised(ArchVcpu& v) { v.attention.fetch_or(ArchVcpu::kUpcall, std::memory_order_release); }
inline bool upcall_masked(const vcpu_info&) { return false; }
inline void set_upcall_mask(vcpu_info&, bool) {}
inline u64 max_pfn_of(const shared_info&) { return 0; }

}  // namespace xen::arch
