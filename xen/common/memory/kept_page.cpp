// SPDX-License-Identifier: MIT
#include <xen/guest_frames.hpp>
#include <xen/kept_page.hpp>

namespace xen::kept_page {

Result<char*> open(Gfn f, const Domain& owner) {
    auto frame = GuestFrames::find(owner, f);
    if (!frame) return Errno::inval;
    auto page = TypedPageRef<PageType::writable>::get(*frame, owner);
    if (!page) return Errno::inval;
    return static_cast<char*>(arch::direct_map(page.value().leak()->mfn()));
}

void close(const void* inside) {
    if (inside) TypedPageRef<PageType::writable>::adopt(page_of(inside)).reset();
}

}  // namespace xen::kept_page
