// SPDX-License-Identifier: MIT
// Leaf: the functions of the image by name, for panics and XENPF_get_symbol. Any context.
#pragma once

#include "lib/string.hpp"

namespace xen::arch {

struct SymbolEntry {
    Str name{};   // ended by a NUL
    u64 address = 0;
};
u32 symbol_total();
SymbolEntry symbol_entry(u32 number);   // below the total

}  // namespace xen::arch
