// SPDX-License-Identifier: MIT
// Arm guests name frames of their own counting (asm/p2m.hpp).
#pragma once

#include <asm/p2m.hpp>
#include <xen/domain.hpp>

namespace xen::arch {

struct GuestFrames {
    static constexpr bool kTranslated = true;
    static Maybe<Mfn> find(const Domain& d, Gfn f) {
        auto e = p2m::lookup(d, f);
        if (!e || (!p2m::is_ram(e.value().type) && e.value().type != p2m::Type::shared)) return nothing;
        return e.value().mfn;
    }
    static u64 count(const Domain& d) { return p2m::highest(d).raw() + 1; }
};

}  // namespace xen::arch
