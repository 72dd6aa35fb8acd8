// SPDX-License-Identifier: MIT
// The stored registers of a guest as instructions name them: number 31 is zero (XZR).
#pragma once

#include <asm/domain.hpp>
#include <public/xen.h>

namespace xen::guest {

inline u64 reg(const arch::GuestRegs& r, unsigned n) { return n < 31 ? r.x[n] : 0; }
inline void set_reg(arch::GuestRegs& r, unsigned n, u64 v) {
    if (n < 31) r.x[n] = v;
}
inline bool in_aarch32(const arch::GuestRegs& r) { return r.pstate & PSR_MODE_BIT; }
inline bool in_user_mode(const arch::GuestRegs& r) { return in_aarch32(r) || (r.pstate & 0xf) == PSR_MODE_EL0t; }

}  // namespace xen::guest
