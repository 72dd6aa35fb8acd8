// SPDX-License-Identifier: MIT
#pragma once

#include "lib/types.hpp"

namespace xen::arch {

// Writes the PV hypercall page: 128 stubs of 32 bytes that a guest calls by number * 32 (public/arch-x86/xen-x86_64.h).
void fill_hypercall_page(u8* page);

}  // namespace xen::arch
