// SPDX-License-Identifier: MIT
// Simulated leaf: words go the way of every other copy.
#pragma once

#include <asm/guest_copy.hpp>

namespace xen::arch {

template <unsigned N>
bool put_words(u64 gva, const u64 (&words)[N]) {
    return copy_to_guest(gva, words, sizeof(words));
}

}  // namespace xen::arch
