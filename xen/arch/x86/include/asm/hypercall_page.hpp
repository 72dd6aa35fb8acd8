// SPDX-License-Identifier: MIT
#pragma once

#include "lib/result.hpp"

namespace xen {
struct Domain;
}

namespace xen::arch {

// Writes the PV hypercall page: 128 stubs of 32 bytes that a guest calls by number * 32 (public/arch-x86/xen-x86_64.h).
void fill_hypercall_page(u8* page);
// Into a frame of the domain that it may write. `request` is its machine address and, in the low bits, the number of the
// page: there is one (public/arch-x86/cpuid.h, XEN_CPUID_LEAF(2)).
Status install_hypercall_page(Domain& d, u64 request);

}  // namespace xen::arch
