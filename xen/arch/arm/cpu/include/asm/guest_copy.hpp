// SPDX-License-Identifier: MIT
// Leaf: copies between the hypervisor and the running guest, whose addresses are translated by the processor (AT) with the guest's
// permissions. False when any byte faults (bytes before it may have been copied).
// Every address may be named.
#pragma once

#include "lib/types.hpp"

namespace xen::arch {

bool copy_from_guest(void* to, u64 gva, usize bytes);
bool copy_to_guest(u64 gva, const void* from, usize bytes);
bool clear_guest(u64 gva, usize bytes);
// One word of 4 or 8 bytes.
template <class W>
bool load_guest(u64 gva, W& to) { return copy_from_guest(&to, gva, sizeof(W)); }
template <class W>
bool store_guest(u64 gva, W word) { return copy_to_guest(gva, &word, sizeof(W)); }
// Compare-and-exchange of a guest word of 1, 2, 4 or 8 bytes; *old receives what was there.
bool cmpxchg_guest(u64 gva, u64* old, u64 desired, unsigned bytes);

}  // namespace xen::arch
