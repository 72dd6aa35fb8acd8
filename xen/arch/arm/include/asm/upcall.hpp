// SPDX-License-Identifier: MIT
// Arm guests take events as an interrupt: its masking is the virtual interrupt controller's, not vcpu_info's.
#pragma once

#include <public/xen.h>

#include "lib/types.hpp"

namespace xen::arch {

inline bool upcall_masked(const vcpu_info&) { return false; }
inline void set_upcall_mask(vcpu_info&, bool) {}
inline u64 max_pfn_of(const shared_info&) { return 0; }

}  // namespace xen::arch
