// SPDX-License-Identifier: MIT
#include "arch/arm/dom0/banks.hpp"

#include <asm/p2m.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>

namespace xen::dom0 {
namespace {

constexpr unsigned kLeastOrder = 9;                       // 2 MiB

// Into its place; with its neighbours it is one bank. False: too many.
bool add(Banks& banks, Bank b) {
    usize at = 0;
    while (at < banks.size() && banks[at].first < b.first) ++at;
    if (at && banks[at - 1].end() == b.first) {
        banks[at - 1].pages += b.pages;
        if (at < banks.size() && banks[at - 1].end() == banks[at].first) {
            banks[at - 1].pages += banks[at].pages;
            banks.erase(at);
        }
        return true;
    }
    if (at < banks.size() && b.end() == banks[at].first) {
        banks[at].first = b.first;
        banks[at].pages += b.pages;
        return true;
    }
    if (!banks.push({})) return false;
    for (usize i = banks.size() - 1; i > at; --i) banks[i] = banks[i - 1];
    banks[at] = b;
    return true;
}

void give_back(PageInfo& head, unsigned order) {
    for (u64 i = 0; i < u64{1} << order; ++i) memory::drop_allocation((&head)[i]);
}

}  // namespace

Result<Banks> allocate_banks(Domain& d, u64 pages) {
    Banks banks;
    unsigned order = memory::kMaxOrder;
    while (pages >> kLeastOrder) {
        while (u64{1} << order > pages) --order;
        auto r = memory::allocate_domain_pages(d, {.order = Order{static_cast<u8>(order)}, .no_scrub = true});
        if (!r) {
            if (order-- > kLeastOrder) continue;
            log_error("dom0: no memory in pieces of 2 MiB, with %lu MiB still to give: give it less with dom0_mem=", pages >> 8);
            return Errno::nomem;
        }
        Bank b{r.value().mfn(), u64{1} << order};
        if (!add(banks, b)) {
            log_warning("dom0: memory is in too many pieces, it gets %lu MiB less", pages >> 8);
            give_back(r.value(), order);
            break;
        }
        pages -= b.pages;
    }
    for (const Bank& b : banks) TRY(p2m::map(d, Gfn{b.first.raw()}, b.first, b.pages, p2m::Type::ram));
    return banks;
}

}  // namespace xen::dom0
