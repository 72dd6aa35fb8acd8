// SPDX-License-Identifier: MIT
// Simulated leaf: what a trap left in EL2's registers; translations are the tests' to give.
#pragma once

#include <asm/cpu.hpp>

#include "lib/maybe.hpp"

namespace xen::arch {

inline u64 read_far() { return sim::processor.far_el2; }
inline u64 read_hpfar() { return sim::processor.hpfar_el2; }
Maybe<Gaddr> guest_stage1(u64 gva, bool write);
Maybe<Paddr> guest_translate(u64 gva, bool write);

}  // namespace xen::arch
