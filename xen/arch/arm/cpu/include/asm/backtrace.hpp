// SPDX-License-Identifier: MIT
// What a panic shows of this machine. Any context; everything goes through the log.
#pragma once

#include "lib/string.hpp"

namespace xen::arch {

struct GuestRegs;

// The function that holds an address of the image: name and distance; an empty name when none does.
struct Symbol {
    Str name{};
    u64 offset = 0, size = 0;
};
Symbol symbol_at(u64 address);
// All of them by number, in the order of their addresses.
struct SymbolEntry {
    Str name{};   // ended by a NUL
    u64 address = 0;
};
u32 symbol_total();
SymbolEntry symbol_entry(u32 number);      // below the total
bool is_code(u64 address);                 // in the hypervisor's text

void print_registers(const GuestRegs& r);  // of the hypervisor or of a guest
// The calls that led to a place: return addresses found on the stack from `sp` up, with names.
void print_backtrace(u64 pc, u64 sp);

}  // namespace xen::arch
