// SPDX-License-Identifier: MIT
#include <asm/m2p.hpp>

#include <asm/mapping.hpp>

namespace xen::arch {

// ABI: where there is no memory and so no piece of the table, toolstacks map the piece before it in its place.
Mfn m2p_frame(u64 offset) {
    for (;; offset -= u64{1} << 21) {
        auto found = translate_xen(kRwM2p + offset);
        if (found && (found->shift > kPageShift || offset == 0)) return frame_of(found->address);
    }
}

}  // namespace xen::arch
