// SPDX-License-Identifier: MIT
#include "common/partition/regions.hpp"

#include <bit>

#include <xen/domain.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>

#include "lib/string.hpp"

namespace xen::partition {
namespace {

// What all who name a region share.
struct Region {
    const SharedMemory& first;
    Domain& owner;
};

Region find(std::span<Description> all, const SharedMemory& named, Domain& (*domain_of)(u16)) {
    for (usize i = 0; i < all.size(); ++i)
        for (const SharedMemory& s : all[i].shared)
            if (s.id == named.id && s.owner) return {named, domain_of(static_cast<u16>(i + 1))};
    return {named, *domain::dom_io};
}

// In one piece; what a power of two has too much goes back.
Result<Mfn> allocate(u64 pages) {
    auto order = static_cast<u8>(std::bit_width(pages - 1));
    PageInfo& head = TRY(memory::allocate_frames({.order = Order{order}}));
    for (u64 i = pages; i < u64{1} << order; ++i) memory::free_frames((&head)[i], Order{0}, false);
    return head.mfn();
}

Status give(Domain& owner, Mfn first, u64 pages) {
    bool nobodys = owner.is_special;                  // dom_io has no account
    if (!nobodys) owner.max_pages += pages;
    for (u64 i = 0; i < pages; ++i) {
        memset(MappedPage<u8>{first + i}.get(), 0, kPageSize);
        TRY(memory::assign_pages(owner, page_of(first + i), Order{0}, nobodys));
    }
    return {};
}

Result<Mfn> place(const Region& r) {
    u64 pages = r.first.bytes >> kPageShift;
    int length = static_cast<int>(r.first.id.size());
    if (r.first.host && !memory::is_ram(frame_of(Paddr{*r.first.host}), pages)) {
        log_error("shared memory '%.*s': there is no memory at %#lx", length, r.first.id.data(), *r.first.host);
        return Errno::inval;
    }
    auto at = r.first.host ? Result<Mfn>{frame_of(Paddr{*r.first.host})} : allocate(pages);
    if (!at) {
        log_error("shared memory '%.*s': no %lu KiB in one piece", length, r.first.id.data(), r.first.bytes >> 10);
        return at;
    }
    TRY(give(r.owner, at.value(), pages));
    return at;
}

}  // namespace

Status place_regions(std::span<Description> all, Domain& (*domain_of)(u16)) {
    for (usize i = 0; i < all.size(); ++i)
        for (SharedMemory& s : all[i].shared) {
            if (s.placed) continue;
            Mfn at = TRY(place(find(all, s, domain_of)));
            Str id = s.id;
            for (Description& d : all)
                for (SharedMemory& other : d.shared)
                    if (other.id == id) other.host = address_of(at).raw(), other.placed = true;
        }
    return {};
}

}  // namespace xen::partition
