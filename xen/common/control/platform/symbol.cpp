// SPDX-License-Identifier: MIT
// XENPF_get_symbol: the hypervisor's functions one by one, which dom0 shows as /proc/xen/xensyms.
#include <asm/backtrace.hpp>

#include "common/control/platform/platform_op.hpp"

namespace xen::control::platform_ops {

// ABI: `symnum` comes back as the next one; at the end it stays.
Status symbol(xenpf_symdata& x) {
    u32 n = arch::symbol_total();
    if (x.symnum > n) return Errno::range;
    x.type = 'T';
    if (x.symnum == n) {
        x.namelen = 0;
        x.address = 0;
        return {};
    }
    arch::SymbolEntry s = arch::symbol_entry(x.symnum);
    u32 bytes = static_cast<u32>(s.name.size()) + 1;
    if (x.namelen < bytes) bytes = x.namelen;
    TRY(guest::copy_out(reinterpret_cast<u64>(x.name.p), s.name.data(), bytes));
    x.namelen = bytes;
    x.address = s.address;
    ++x.symnum;
    return {};
}

}  // namespace xen::control::platform_ops
