// SPDX-License-Identifier: MIT
// Places in the code that depend on a workaround: a NOP each, which becomes a branch on machines that need it. Pure.
#pragma once

#include <span>

#include <asm/workaround.hpp>

#include "lib/maybe.hpp"

namespace xen::errata {

// As asm/errata.hpp lays it down. Both distances are from their own field.
struct Site {
    s32 at;           // the NOP
    s32 to;           // where the other way begins
    u32 workaround;

    u64 address() const { return reinterpret_cast<u64>(&at) + static_cast<u64>(s64{at}); }
    u64 target() const { return reinterpret_cast<u64>(&to) + static_cast<u64>(s64{to}); }
};
static_assert(sizeof(Site) == 12);

// B (ARM C6.2.26), over a distance in bytes. Nothing when it is further than 128 MiB, or no multiple of 4.
constexpr Maybe<u32> branch(s64 distance) {
    constexpr s64 kReach = s64{1} << 27;
    if (distance % 4 || distance < -kReach || distance >= kReach) return nothing;
    return u32{0x14000000} | (static_cast<u32>(distance / 4) & 0x3ffffff);
}

// Calls write(address, instruction) for each place that `needed` asks for; where several share one, the last does. Returns how many,
// nothing when a way is too far: then nothing may run.
template <class F>
Maybe<usize> patch(std::span<const Site> sites, Workarounds needed, F write) {
    usize n = 0;
    for (const Site& s : sites) {
        if (!(needed >> s.workaround & 1)) continue;
        Maybe<u32> b = branch(static_cast<s64>(s.target() - s.address()));
        if (!b) return nothing;
        write(s.address(), *b);
        ++n;
    }
    return n;
}

}  // namespace xen::errata
