// SPDX-License-Identifier: MIT
// Single words by the general copies, for architectures that have nothing shorter.
#pragma once

#include <xen/arch_guest_copy.hpp>

namespace xen::arch {

template <class W>
bool load_guest(u64 gva, W& to) { return copy_from_guest(&to, gva, sizeof(W)); }
template <class W>
bool store_guest(u64 gva, W word) { return copy_to_guest(gva, &word, sizeof(W)); }

}  // namespace xen::arch
