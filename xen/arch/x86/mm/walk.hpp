// SPDX-License-Identifier: MIT
// Walking the tables that the running guest's vCPU uses: the L1 entry that maps an address, with the table's frame. In
// line: everything that it finds stays in registers.
#pragma once

#include <asm/mm.hpp>

namespace xen::mm {

struct L1Slot {
    Mfn table;
    unsigned index;
    Pte value;
};

// A live table of an upper level refers to validated tables alone, so their frames exist. Where the guest's root maps
// itself, the "L1 table" may be one of a higher level: for the caller to see.
[[gnu::always_inline]] inline Result<L1Slot> find_l1(Vcpu& v, u64 address) {
    if (!arch::guest_address_ok(address)) [[unlikely]] return Errno::fault;
    Maybe<Mfn> root = v.arch.guest_table;
    if (!v.arch.in_kernel) [[unlikely]] root = v.arch.guest_table_user;
    if (!root) [[unlikely]] return Errno::fault;
    Mfn table = *root;
#pragma GCC unroll 3
    for (unsigned level = 4; level > 1; --level) {
        Pte e = load_pte(&MappedPage<Pte>{table}[arch::index_of(address, level)]);
        if (!e.present()) [[unlikely]] return Errno::fault;
        table = e.mfn();
    }
    unsigned index = arch::index_of(address, 1);
    return L1Slot{table, index, load_pte(&MappedPage<Pte>{table}[index])};
}

}  // namespace xen::mm
