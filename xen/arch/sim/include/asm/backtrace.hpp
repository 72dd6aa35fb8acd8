// SPDX-License-Identifier: MIT
// The simulated machine has no image of its own, and so no functions to name. Any context.
#pragma once

#include "lib/string.hpp"

namespace xen::arch {

struct GuestRegs;

struct SymbolEntry {
    Str name{};
    u64 address = 0;
};
inline u32 symbol_total() { return 0; }
inline SymbolEntry symbol_entry(u32) { return {}; }

inline void print_registers(const GuestRegs&) {}

}  // namespace xen::arch
