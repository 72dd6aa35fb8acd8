// SPDX-License-Identifier: MIT
// HYPERVISOR_mca (public/arch-x86/xen-mca.h): machine-check telemetry for the hardware domain. Errors that are not
// fatal are not collected yet, so every fetch finds the queue empty.
#include <public/arch-x86/xen-mca.h>
#include <xen/arch_control.hpp>
#include <xen/control.hpp>
#include <xen/platform.hpp>
#include <xen/security.hpp>

namespace xen::control {
namespace {

Status fetch(xen_mc_fetch& x) {
    u32 kind = x.flags & (XEN_MC_URGENT | XEN_MC_NONURGENT);
    if (kind != XEN_MC_URGENT && kind != XEN_MC_NONURGENT) return Errno::inval;
    x.flags = (x.flags & XEN_MC_ACK) ? u32{XEN_MC_OK} : u32{XEN_MC_NODATA};
    x.fetch_id = 0;
    return {};
}

Status physical_cpus(xen_mc_physcpuinfo& x) {
    u32 n = static_cast<u32>(cpu_online.count());
    if (!x.info.p) {
        x.ncpus = n;
        return {};
    }
    if (x.ncpus > n) x.ncpus = n;
    u32 told = 0;
    for (usize i : cpu_online) {
        if (told == x.ncpus) break;
        xen_mc_logical_cpu_t cpu{};
        cpu.mc_cpunr = static_cast<u32>(i);
        cpu.mc_apicid = platform::cpus()[i].apic_id;
        cpu.mc_nthreads = static_cast<u32>(arch::threads_per_core());
        TRY(guest_out(x.info).copy_out(cpu, told++));
    }
    return {};
}

Status dispatch(xen_mc& op) {
    switch (op.cmd) {
    case XEN_MC_fetch: return fetch(op.u.mc_fetch);
    case XEN_MC_notifydomain: return Errno::inval;
    case XEN_MC_physcpuinfo: return physical_cpus(op.u.mc_physcpuinfo);
    case XEN_MC_msrinject:
    case XEN_MC_mceinject:
    case XEN_MC_inject_v2: return Errno::nosys;
    default: return Errno::inval;
    }
}

}  // namespace

Result<s64> machine_check_op(GuestInOut<void> arg) {
    auto op = TRY(arg.copy_in<xen_mc>());
    if (op.interface_version != XEN_MCA_INTERFACE_VERSION) return Errno::acces;
    TRY(security::may(security::Op::mca, current_domain()));
    TRY(dispatch(op));
    TRY(arg.copy_out(op));
    return 0;
}

}  // namespace xen::control
