// SPDX-License-Identifier: MIT
// Leaf: copies between the hypervisor and the running PV guest's address space, through the guest's own
// page tables with its own permissions. False when any byte faults (bytes before it may have been copied).
// The caller has checked that the range lies outside the hypervisor's slots.
#pragma once

#include <asm/fixup.hpp>

#include "lib/types.hpp"

namespace xen::arch {

bool copy_from_guest(void* to, u64 gva, usize bytes);
bool copy_to_guest(u64 gva, const void* from, usize bytes);
bool clear_guest(u64 gva, usize bytes);
// One word of 4 or 8 bytes, by one instruction.
template <class W>
[[gnu::always_inline]] inline bool load_guest(u64 gva, W& to) {
    W word;
    asm volatile goto(OPEN_GUEST "1: mov (%[at]), %[word]\n\t" CLOSE_GUEST FIXUP("1b", "%l[fault]")
                      : [word] "=r"(word)
                      : [at] "r"(gva)
                      :
                      : fault);
    to = word;
    return true;
fault:
    asm volatile(CLOSE_GUEST ::: "memory");
    return false;
}
template <class W>
[[gnu::always_inline]] inline bool store_guest(u64 gva, W word) {
    asm volatile goto(OPEN_GUEST "1: mov %[word], (%[at])\n\t" CLOSE_GUEST FIXUP("1b", "%l[fault]")
                      :
                      : [at] "r"(gva), [word] "r"(word)
                      : "memory"
                      : fault);
    return true;
fault:
    asm volatile(CLOSE_GUEST ::: "memory");
    return false;
}
// Compare-and-exchange of a guest word of 1, 2, 4 or 8 bytes; *old receives what was there.
bool cmpxchg_guest(u64 gva, u64* old, u64 desired, unsigned bytes);

}  // namespace xen::arch
