// SPDX-License-Identifier: MIT
// Simulated leaf: words go the way of every other copy.
#pragma once

#include <asm/guest_copy.hpp>

namespace xen::arch {

template <unsigned N>
bool put_words(u64 gva, const u64 (&words)[N]) {
    return copy_to_guest(gva, words, sizeof(words));
}

template <unsigned N>
bool get_words(u64 (&words)[N], u64 gva) {
    return copy_from_guest(words, gva, sizeof(words));
}

}  // namespace xen::arch
