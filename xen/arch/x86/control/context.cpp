// SPDX-License-Identifier: MIT
// vCPU contexts for the toolstack. A context is larger than our stack should hold.
#include <asm/pv.hpp>
#include <xen/arch_control.hpp>
#include <xen/log.hpp>

namespace xen::arch {

Status set_vcpu_context(Vcpu& v, u64 guest_address) {
    auto c = TRY(Box<vcpu_guest_context>::create());
    TRY(guest::copy_in(c.get(), guest_address, sizeof(*c)));
    TRY(pv::set_context(v, *c));
    v.initialised = true;
    return {};
}

Status get_vcpu_context(Vcpu& v, u64 guest_address) {
    auto c = TRY(Box<vcpu_guest_context>::create());
    pv::get_context(v, *c);
    return guest::copy_out(guest_address, c.get(), sizeof(*c));
}

// PV only: what needs hardware-assisted guests, shadow paging or an IOMMU is refused by name.
Status check_create(const xen_domctl_createdomain& x) {
    if (x.flags & (XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap | XEN_DOMCTL_CDF_nested_virt)) {
        log_guest("createdomain: HVM and PVH domains are not supported yet: use type=\"pv\"");
        return Errno::inval;
    }
    if (x.flags & XEN_DOMCTL_CDF_iommu) {
        log_guest("createdomain: passthrough needs an IOMMU, and there is no support for one yet");
        return Errno::inval;
    }
    if (x.flags & XEN_DOMCTL_CDF_vpmu || x.vmtrace_size) return Errno::inval;
    if (x.arch.emulation_flags) {
        log_guest("createdomain: a PV domain has no emulated devices (flags %#x)", x.arch.emulation_flags);
        return Errno::inval;
    }
    return {};
}

}  // namespace xen::arch
