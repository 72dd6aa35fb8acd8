// SPDX-License-Identifier: MIT
#include <asm/m2p.hpp>

#include <asm/mapping.hpp>
#include <xen/domain.hpp>
#include <xen/memory.hpp>

namespace xen::arch {

// ABI: where there is no memory and so no piece of the table, toolstacks map the piece before it in its place.
Mfn m2p_frame(u64 offset) {
    for (;; offset -= u64{1} << 21) {
        auto found = translate_xen(kRwM2p + offset);
        if (found && (found->shift > kPageShift || offset == 0)) return frame_of(found->address);
    }
}

void publish_m2p() {
    constexpr u64 kPiece = u64{1} << 21;   // what toolstacks map at a time, to its end
    u64 bytes = (max_frame.raw() * sizeof(u64) + kPiece - 1) & ~(kPiece - 1);
    for (u64 offset = 0; offset < bytes; offset += kPageSize) {
        auto found = translate_xen(kRwM2p + offset);
        if (found) memory::share_heap_page(direct_map(frame_of(found->address)), *domain::dom_xen, false);
    }
}

}  // namespace xen::arch
