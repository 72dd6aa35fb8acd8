// SPDX-License-Identifier: MIT
// What a new domain may be.
#include <public/arch-arm.h>
#include <xen/arch_control.hpp>
#include <xen/refusal.hpp>

#include "arch/arm/control/board.hpp"

namespace xen {
namespace board {
constexpr unsigned kMostSpis = vgic::kMaxInterrupts - vgic::kSpiBase;

namespace {

vgic::Layout of_guest(u32 spis) {
    vgic::Layout l;
    l.spis = spis;
    l.event_interrupt = GUEST_EVTCHN_PPI;
    if (version() == vgic::Version::v2) {
        l.distributor = {GUEST_GICD_BASE, GUEST_GICD_SIZE};
        l.cpu_interface = {GUEST_GICC_BASE, GUEST_GICC_SIZE};
    } else {
        l.distributor = {GUEST_GICV3_GICD_BASE, GUEST_GICV3_GICD_SIZE};
        l.redistributors[0] = {GUEST_GICV3_GICR0_BASE, GUEST_GICV3_GICR0_SIZE};
    }
    return l;
}

vgic::Region as_machine(const gic::Region& r) { return {r.start.raw(), r.bytes}; }

vgic::Layout of_machine() {
    const gic::Layout& machine = gic::layout();
    vgic::Layout l;
    l.spis = gic::lines() > vgic::kSpiBase ? gic::lines() - vgic::kSpiBase : 0;
    l.event_interrupt = kHardwareEventPpi;
    l.distributor = as_machine(machine.distributor);
    if (version() == vgic::Version::v2) l.cpu_interface = as_machine(machine.cpu_interface);
    for (usize i = 0; i < machine.redistributors.size() && i < vgic::kMaxRegions; ++i)
        l.redistributors[i] = as_machine(machine.redistributors[i]);
    return l;
}

}  // namespace

// ABI: where a guest has its memory at the machine's addresses, it has its interrupt controller there, too.
vgic::Layout interrupt_controller(const domain::CreateInfo& info) {
    if (!info.hardware && !info.direct_map) return of_guest(info.arch.nr_spis);
    vgic::Layout l = of_machine();
    if (info.hardware) return l;
    l.spis = info.arch.nr_spis;
    l.event_interrupt = GUEST_EVTCHN_PPI;
    return l;
}

}  // namespace board

namespace arch {

Status check_create(xen_domctl_createdomain& x) {
    constexpr u32 kNeeded = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap, kPossible = kNeeded | XEN_DOMCTL_CDF_xs_domain;
    if ((x.flags & kNeeded) != kNeeded) return refuse(Errno::inval, "flags is %#x: every Arm domain is one with hvm and hap", x.flags);
    if (x.flags & XEN_DOMCTL_CDF_iommu)
        return refuse(Errno::inval, "flags is %#x: passthrough needs an IOMMU, and none is supported yet", x.flags);
    if (x.flags & ~kPossible) return refuse(Errno::inval, "flags is %#x, possible are %#x", x.flags, kPossible);
    if (x.vmtrace_size) return refuse(Errno::inval, "vmtrace_size is %u: there is no processor trace", x.vmtrace_size);
    xen_arch_domainconfig& a = x.arch;
    u8 ours = board::version() == vgic::Version::v2 ? XEN_DOMCTL_CONFIG_GIC_V2 : XEN_DOMCTL_CONFIG_GIC_V3;
    if (a.gic_version == XEN_DOMCTL_CONFIG_GIC_NATIVE) a.gic_version = ours;
    if (a.gic_version != ours) return refuse(Errno::inval, "arch.gic_version is %u, the machine's is %u", a.gic_version, ours);
    if (a.tee_type != XEN_DOMCTL_CONFIG_TEE_NONE) return refuse(Errno::inval, "arch.tee_type is %u: there is no TEE", a.tee_type);
    if (a.nr_spis > board::kMostSpis) return refuse(Errno::inval, "arch.nr_spis is %u, at most %u", a.nr_spis, board::kMostSpis);
    if (x.max_vcpus > board::most_vcpus())
        return refuse(Errno::inval, "max_vcpus is %u, more than its interrupt controller serves", x.max_vcpus);
    a.clock_frequency = 0;   // the guest reads CNTFRQ_EL0
    return {};
}

}  // namespace arch
}  // namespace xen
