// SPDX-License-Identifier: MIT
// Simulated leaf: a call on another CPU is a call that returns.
#pragma once

namespace xen::arch {

inline bool waits_for_others() { return false; }

}  // namespace xen::arch
