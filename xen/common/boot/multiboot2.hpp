// SPDX-License-Identifier: MIT
// Private to common/boot: the multiboot2 half of the parser and what both halves use.
#pragma once

#include <xen/multiboot.hpp>

namespace xen::multiboot {

Status parse2(Paddr info, Reader read, StringPool& strings, BootInfo& out);
MemoryType memory_type(u32 raw);

}  // namespace xen::multiboot
