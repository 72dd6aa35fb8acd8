// SPDX-License-Identifier: MIT
// The event mask that an x86 guest has in its vcpu_info in place of an interrupt flag (public/xen.h).
#pragma once

#include <public/xen.h>

#include "lib/types.hpp"

namespace xen::arch {

struct ArchVcpu;

inline bool upcall_masked(const vcpu_info& i) { return __atomic_load_n(&i.evtchn_upcall_mask, __ATOMIC_ACQUIRE); }
inline void upcall_raised(ArchVcpu&) {}   // it is looked at on every way into a guest
inline void set_upcall_mask(vcpu_info& i, bool masked) { __atomic_store_n(&i.evtchn_upcall_mask, u8{masked}, __ATOMIC_RELEASE); }
// One past the highest pseudo-physical frame, as the guest says; 0 when it does not.
inline u64 max_pfn_of(const shared_info& s) { return __atomic_load_n(&s.arch.max_pfn, __ATOMIC_RELAXED); }

}  // namespace xen::arch
