// SPDX-License-Identifier: MIT
// Leaf: the running PV guest is reached through its own page tables with its own permissions, outside the hypervisor's slots.
#pragma once

#include <asm/fixup.hpp>
#include <xen/arch_guest_copy.hpp>

namespace xen::arch {

// One word of 2, 4 or 8 bytes, by one instruction.
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

}  // namespace xen::arch
