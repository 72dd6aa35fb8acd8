// SPDX-License-Identifier: MIT
// Copies between the hypervisor and the running guest's address space, as each architecture makes them. False when any byte
// faults (bytes before it may have been copied). The caller has looked at the range (guest_range_ok). asm/guest_copy.hpp adds
// load_guest() and store_guest(), for one word of 2, 4 or 8 bytes.
#pragma once

#include "lib/types.hpp"

namespace xen::arch {

bool copy_from_guest(void* to, u64 gva, usize bytes);
bool copy_to_guest(u64 gva, const void* from, usize bytes);
bool clear_guest(u64 gva, usize bytes);
// Compare-and-exchange of a guest word of 1, 2, 4 or 8 bytes; *old receives what was there.
bool cmpxchg_guest(u64 gva, u64* old, u64 desired, unsigned bytes);

}  // namespace xen::arch
