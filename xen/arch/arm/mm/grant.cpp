// SPDX-License-Identifier: MIT
// Granted frames in stage 2. The references that the grant code counted belong to the leaf while it stands: a guest that maps
// something else there gives them back, and its unmap then finds another page.
#include <asm/cache.hpp>
#include <asm/p2m.hpp>
#include <public/grant_table.h>
#include <xen/domain.hpp>
#include <xen/grant.hpp>
#include <xen/log.hpp>

namespace xen::arch {
namespace {

Gfn gfn_of(u64 address) { return Gfn{address >> kPageShift}; }

}  // namespace

// ABI: no page-table entries are named, and no attributes asked for. A use for devices needs nothing: there is no IOMMU, and
// dev_bus_addr is the machine address.
s16 map_grant(u64 host, Mfn frame, u32 flags, u64 cache) {
    constexpr u32 kKnown = GNTMAP_host_map | GNTMAP_device_map | GNTMAP_readonly;
    if (cache || (flags & ~kKnown) || page_offset(host)) return GNTST_general_error;
    auto type = flags & GNTMAP_readonly ? p2m::Type::grant_read_only : p2m::Type::grant;
    return p2m::map_page(current_domain(), gfn_of(host), frame, type) ? GNTST_okay : GNTST_general_error;
}

s16 unmap_grant(u64 host, Mfn frame, u64 new_address, u32 flags) {
    if (new_address || (flags & GNTMAP_contains_pte) || page_offset(host)) return GNTST_general_error;
    auto type = flags & GNTMAP_readonly ? p2m::Type::grant_read_only : p2m::Type::grant;
    if (p2m::take_page(current_domain(), gfn_of(host), frame, type, type)) return GNTST_okay;
    log_guest("d%u: the frame at %#lx is not the grant's frame %#lx", current_domain().id.raw(), host, frame.raw());
    return GNTST_general_error;
}

Status maintain_cache(void* start, usize bytes, bool clean, bool invalidate) {
    if (clean && invalidate) clean_invalidate_cache(start, bytes);
    else if (clean) clean_cache(start, bytes);
    else invalidate_cache(start, bytes);
    return {};
}

}  // namespace xen::arch
