// SPDX-License-Identifier: MIT
#include <asm/p2m.hpp>
#include <xen/memory.hpp>

#include "arch/arm/dom0/dom0.hpp"

namespace xen::dom0 {
namespace {

// Sorted by address; neighbours become one.
void add(Banks& banks, Bank b) {
    Banks old = banks;
    banks.clear();
    bool placed = false;
    auto append = [&](Bank x) {
        if (banks.size() && banks[banks.size() - 1].first + banks[banks.size() - 1].frames == x.first) banks[banks.size() - 1].frames += x.frames;
        else static_cast<void>(banks.push(x));
    };
    for (const Bank& o : old) {
        if (!placed && b.first < o.first) {
            append(b);
            placed = true;
        }
        append(o);
    }
    if (!placed) append(b);
}

}  // namespace

// The largest pieces first, so that the kernel finds room in one of them.
Status populate(Domain& d, u64 frames, Banks& banks) {
    constexpr u8 kSmallest = 9;   // 2 MiB: more banks than the list holds would come of less
    for (u8 order = memory::kMaxOrder; frames && banks.size() < 31;) {
        u64 size = u64{1} << order;
        auto page = size <= frames ? memory::allocate_domain_pages(d, {.order = Order{order}}) : Result<PageInfo&>{Errno::nomem};
        if (!page) {
            if (order == kSmallest) return Errno::nomem;
            --order;
            continue;
        }
        Mfn first = page.value().mfn();
        TRY(p2m::map(d, Gfn{first.raw()}, first, size, p2m::Type::ram));
        add(banks, {first, size});
        frames -= size;
    }
    return frames ? Status{Errno::nomem} : Status{};
}

}  // namespace xen::dom0
