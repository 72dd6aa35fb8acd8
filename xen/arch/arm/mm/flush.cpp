// SPDX-License-Identifier: MIT
#include "arch/arm/mm/flush.hpp"

#include <asm/cache.hpp>
#include <asm/p2m.hpp>

namespace xen::mm {

void flush_frame(const Domain& d, Gfn f) {
    p2m::Entry e;
    if (auto page = p2m::page_at(d, f, e)) arch::clean_invalidate_cache(MappedPage<u8>{page.value().mfn()}.get(), kPageSize);
}

Gfn flush_frames(const Domain& d, Gfn from, Gfn end, unsigned most) {
    for (; most && from < end; --most) {
        Gfn mapped = p2m::behind_hole(d, from);
        bool is_mapped = mapped == from;
        if (is_mapped) flush_frame(d, from);
        from = is_mapped ? from + 1 : mapped;
    }
    return from < end ? from : end;
}

}  // namespace xen::mm
