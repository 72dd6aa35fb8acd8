// SPDX-License-Identifier: MIT
// The bytes of the guest instruction at rip, and what its code segment makes of them.
#pragma once

#include <asm/mm.hpp>
#include <xen/domain.hpp>

namespace xen::pv {

struct Segment {
    u64 base = 0;
    bool is_long = false;
    bool is_code = false;
};

// The guest's own descriptor of a selector (SDM 3A 3.4.5); flat data where there is none. 64-bit code has no base.
Segment segment_of(Vcpu& v, u16 selector);
inline bool runs_long_code(Vcpu& v) {
    u16 cs = static_cast<u16>(v.arch.regs.cs);
    return cs == arch::kGuestCs64 || segment_of(v, cs).is_long;
}

// Room for any instruction, in whole words.
using Code = u8[16];

// Up to `n` bytes from rip on; fewer when the page after the first cannot be read, none when cs is no code segment. What
// is behind them in `to` means nothing.
unsigned fetch(Vcpu& v, Code& to, unsigned n);

}  // namespace xen::pv
