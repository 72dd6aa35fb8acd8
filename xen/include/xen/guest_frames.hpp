// SPDX-License-Identifier: MIT
// What a guest's frame number means. A guest either names machine frames (x86 PV) or counts frames of its own, which the
// hypervisor translates and places: then populate() and the like (common/memory/op) change what stands where.
#pragma once

#include <asm/guest_frames.hpp>
#include <concepts>

namespace xen {

template <class F>
concept GuestFrameNumbers = requires(const Domain& d, Gfn f) {
    { F::kTranslated } -> std::convertible_to<bool>;
    { F::find(d, f) } -> std::same_as<Maybe<Mfn>>;   // not counted: whoever uses it takes a reference by its owner
    { F::count(d) } -> std::same_as<u64>;            // frames from 0 to the highest that it ever had; 0: not known
};
static_assert(GuestFrameNumbers<arch::GuestFrames>);

using arch::GuestFrames;

namespace guest_frames {

// The page that `d` has at `f` and owns, held. Errno::inval: there is none.
[[gnu::always_inline]] inline Result<PageRef> get(const Domain& d, Gfn f) {
    Maybe<Mfn> m = GuestFrames::find(d, f);
    if (!m) return Errno::inval;
    return PageRef::get(*m, d);
}

}  // namespace guest_frames
}  // namespace xen
