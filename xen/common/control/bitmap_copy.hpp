// SPDX-License-Identifier: MIT
// Bitmaps of the toolstack (public/domctl.h xenctl_bitmap): a length in bits and a byte array. Bits that the receiver
// has no room for are dropped, the ones it has too many are zero.
#pragma once

#include <public/domctl.h>
#include <xen/guest_access.hpp>

#include "lib/bitmap.hpp"

namespace xen::control {

template <usize N>
Status copy_bitmap_out(const xenctl_bitmap& to, const Bitmap<N>& from) {
    usize guest_bytes = (to.nr_bits + 7) / 8;
    constexpr usize kBytes = Bitmap<N>::kWords * 8;
    u64 words[Bitmap<N>::kWords];
    for (usize i = 0; i < Bitmap<N>::kWords; ++i) words[i] = from.word(i);
    usize n = guest_bytes < kBytes ? guest_bytes : kBytes;
    u64 at = reinterpret_cast<u64>(to.bitmap.p);
    if (n) TRY(guest::copy_out(at, words, n));
    return guest_bytes > n ? guest::clear(at + n, guest_bytes - n) : Status{};
}

template <usize N>
Result<Bitmap<N>> copy_bitmap_in(const xenctl_bitmap& from) {
    Bitmap<N> out;
    usize guest_bytes = (from.nr_bits + 7) / 8;
    constexpr usize kBytes = Bitmap<N>::kWords * 8;
    u64 words[Bitmap<N>::kWords] = {};
    usize n = guest_bytes < kBytes ? guest_bytes : kBytes;
    if (n) TRY(guest::copy_in(words, reinterpret_cast<u64>(from.bitmap.p), n));
    for (usize i = 0; i < N && i < from.nr_bits; ++i)
        if (words[i / 64] >> (i % 64) & 1) out.set(i);
    return out;
}

}  // namespace xen::control
