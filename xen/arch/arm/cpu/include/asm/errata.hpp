// SPDX-License-Identifier: MIT
// Leaf: whether this machine needs a workaround, at the cost of one NOP where it does not. False until the end of boot, when all
// processors have said what they are.
#pragma once

#include <asm/workaround.hpp>

namespace xen::errata {

// Each CPU at its start, the boot CPU first. False: it needs what the others, started without it, do not have.
bool join();
// The boot CPU, once, before the first guest: every place becomes what the processors that run need.
void settle();
// The firmware's barrier is called on each way from a guest.
bool firmware_barrier_active();

template <Workaround kWhich>
[[gnu::always_inline]] inline bool active() {
    asm goto("1: nop\n\t"
             ".pushsection .workarounds, \"a?\"\n\t"
             ".balign 4\n\t"
             ".long 1b - ., %l[yes] - ., %c0\n\t"   // errata::Site
             ".popsection" ::"i"(static_cast<int>(kWhich))::yes);
    return false;
yes:
    return true;
}

}  // namespace xen::errata
