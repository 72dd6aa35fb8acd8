// SPDX-License-Identifier: MIT
// What the hypervisor does otherwise on processors with a known fault. asm/errata.hpp asks for one at a place in the code;
// arch/arm/errata has the table of who needs which.
#pragma once

#include "lib/types.hpp"

namespace xen::errata {

enum class Workaround : u8 {
    acquire_devices,      // device registers are read by load-acquire
    ask_stage1,           // a translation fault of stage 2 may hide one of stage 1
    switch_without_walks, // no speculative walk while a guest's registers are half there
    count_twice,          // the counter, when its lower half has just wrapped
    clean_and_forget,     // a line that is cleaned is invalidated too
    flush_twice,          // TLB maintenance and its barrier
    firmware_barrier,     // on each way from a guest: SMCCC_ARCH_WORKAROUND_1, of the branch predictor
    branches_8,           // on each way from a guest: so many taken branches, the history of older ones is gone
    branches_24,
    branches_32,
    count
};

using Workarounds = u32;   // a bit each
constexpr Workarounds bit(Workaround w) { return u32{1} << static_cast<unsigned>(w); }
static_assert(static_cast<unsigned>(Workaround::count) <= 32);

}  // namespace xen::errata
