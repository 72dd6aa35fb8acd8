// SPDX-License-Identifier: MIT
#include <xen/console.hpp>

#include "common/control/domain_info.hpp"
#include "common/control/sysctl/sysctl.hpp"

namespace xen::control::sysctls {

Status read_console(xen_sysctl_readconsole& x) {
    console::ReadRequest r{x.clear != 0, x.incremental != 0, x.index};
    x.count = TRY(console::read_ring(GuestOut<char>{reinterpret_cast<u64>(x.buffer.p)}, x.count, r));
    x.index = r.index;
    return {};
}

Status debug_keys(xen_sysctl_debug_keys& x) {
    for (u32 i = 0; i < x.nr_keys; ++i) console::press_key(TRY(guest_in(x.keys).copy_in<char>(i)));
    return {};
}

Status domain_list(xen_sysctl_getdomaininfolist& x) {
    u32 n = 0;
    for (Domain* d = domain::first(); d && n < x.max_domains; d = domain::next(*d)) {
        if (d->id.raw() < x.first_domain) continue;
        xen_domctl_getdomaininfo info = domain_info(*d);
        TRY(guest_out(x.buffer).copy_out(info, n));
        ++n;
    }
    x.num_domains = n;
    return {};
}

}  // namespace xen::control::sysctls
