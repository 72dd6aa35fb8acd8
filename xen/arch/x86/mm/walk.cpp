// SPDX-License-Identifier: MIT
// Walking the tables that a vCPU runs on.
#include <asm/mm.hpp>

namespace xen::mm {

Result<L1Slot> find_l1(Vcpu& v, u64 address) {
    Maybe<Mfn> root = v.arch.in_kernel ? v.arch.guest_table : v.arch.guest_table_user;
    if (!root || !arch::guest_range_ok(address, 1)) return Errno::fault;
    Mfn table = *root;
    for (unsigned level = 4; level > 1; --level) {
        Pte e = load_pte(&MappedPage<Pte>{table}[arch::index_of(address, level)]);
        if (!e.present() || e.has(Pte::kSuper)) return Errno::fault;
        table = e.mfn();
        if (table >= max_frame) return Errno::fault;
    }
    unsigned index = arch::index_of(address, 1);
    return L1Slot{table, index, load_pte(&MappedPage<Pte>{table}[index])};
}

}  // namespace xen::mm
