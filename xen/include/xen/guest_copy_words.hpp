// SPDX-License-Identifier: MIT
// Words by the general copies, for architectures that have nothing shorter: asm/guest_copy.hpp has those of one, asm/guest_words.hpp
// those of several.
#pragma once

#include <xen/arch_guest_copy.hpp>

namespace xen::arch {

template <class W>
bool load_guest(u64 gva, W& to) { return copy_from_guest(&to, gva, sizeof(W)); }
template <class W>
bool store_guest(u64 gva, W word) { return copy_to_guest(gva, &word, sizeof(W)); }

template <unsigned N>
bool get_words(u64 (&words)[N], u64 gva) { return copy_from_guest(words, gva, sizeof(words)); }
template <unsigned N>
bool put_words(u64 gva, const u64 (&words)[N]) { return copy_to_guest(gva, words, sizeof(words)); }

}  // namespace xen::arch
