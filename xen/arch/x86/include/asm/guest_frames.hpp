// SPDX-License-Identifier: MIT
// PV guests name machine frames.
#pragma once

#include <xen/domain.hpp>

namespace xen::arch {

struct GuestFrames {
    static constexpr bool kTranslated = false;
    [[gnu::always_inline]] static Maybe<Mfn> find(const Domain&, Gfn f) { return Mfn{f.raw()}; }
    static u64 count(const Domain& d) { return d.shared ? max_pfn_of(*d.shared) : 0; }
};

}  // namespace xen::arch
