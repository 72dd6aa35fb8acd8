// SPDX-License-Identifier: MIT
#include <asm/segments.hpp>

#include <asm/fixup.hpp>
#include <asm/layout.hpp>

namespace xen::arch {

void load_shadow_gs(u16 selector) {
    // A null selector leaves the base alone on AMD (APM volume 2, 4.5.3): go through a flat one.
    if (selector <= 3 && features.vendor == Vendor::amd)
        asm volatile("swapgs; mov %0, %%gs; swapgs" ::"r"(u32{kGuestSs}) : "memory");
    asm volatile goto("swapgs\n\t1: mov %0, %%gs\n\t" FIXUP("1b", "%l[fault]") "swapgs" ::"r"(u32{selector})
                      : "memory"
                      : fault);
    return;
fault:
    asm volatile("mov %0, %%gs; swapgs" ::"r"(0) : "memory");
}

}  // namespace xen::arch
