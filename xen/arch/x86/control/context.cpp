// SPDX-License-Identifier: MIT
// vCPU contexts for the toolstack. A context is larger than our stack should hold.
#include <asm/fpu.hpp>
#include <asm/mm.hpp>
#include <asm/pv.hpp>
#include <xen/arch_control.hpp>
#include <xen/refusal.hpp>
#include <xen/sched.hpp>

namespace xen::arch {

Status set_vcpu_context(Vcpu& v, u64 guest_address) {
    auto c = TRY(Box<vcpu_guest_context>::create());
    TRY(guest::copy_in(c.get(), guest_address, sizeof(*c)));
    TRY(pv::set_context(v, *c));
    v.initialised = true;
    return {};
}

Status reset_vcpu(Vcpu& v) {
    {
        Guard g{v.domain->arch.tables_lock};
        TRY(mm::drop_base_pointers(v));
        mm::drop_gdt(v);
        mm::drop_ldt_pages(v);
    }
    reset_fpu(v);
    v.initialised = false;
    sched::set_down(v, true);
    return {};
}

Status get_vcpu_context(Vcpu& v, u64 guest_address) {
    auto c = TRY(Box<vcpu_guest_context>::create());
    pv::get_context(v, *c);
    return guest::copy_out(guest_address, c.get(), sizeof(*c));
}

// PV only: what needs hardware-assisted guests, shadow paging or an IOMMU is refused by name.
Status check_create(xen_domctl_createdomain& x) {
    if (x.flags & (XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap | XEN_DOMCTL_CDF_nested_virt))
        return refuse(Errno::inval, "flags is %#x: HVM and PVH domains are not supported yet, use type=\"pv\"", x.flags);
    if (x.flags & XEN_DOMCTL_CDF_iommu)
        return refuse(Errno::inval, "flags is %#x: passthrough needs an IOMMU, and none is supported yet", x.flags);
    constexpr u32 kUnsupported = XEN_DOMCTL_CDF_vpmu | XEN_DOMCTL_CDF_s3_integrity;
    if (x.flags & kUnsupported) return refuse(Errno::inval, "flags is %#x: no virtual PMU, no tboot", x.flags);
    if (x.vmtrace_size) return refuse(Errno::inval, "vmtrace_size is %u: there is no processor trace", x.vmtrace_size);
    if (x.arch.misc_flags & ~u32{XEN_X86_MSR_RELAXED})
        return refuse(Errno::inval, "arch.misc_flags is %#x: unknown bits", x.arch.misc_flags);
    if (x.arch.emulation_flags & ~u32{XEN_X86_EMU_ALL})
        return refuse(Errno::inval, "arch.emulation_flags is %#x: unknown bits", x.arch.emulation_flags);
    // The timer is one of hypercalls, so that asking for its emulation changes nothing.
    if (x.arch.emulation_flags & ~u32{XEN_X86_EMU_PIT})
        return refuse(Errno::opnotsupp, "arch.emulation_flags is %#x: a PV domain has no emulated devices",
                      x.arch.emulation_flags);
    return {};
}

}  // namespace xen::arch
