// SPDX-License-Identifier: MIT
#include "arch/x86/control/vcpu_state.hpp"

#include <xen/refusal.hpp>
#include <xen/sched.hpp>

namespace xen::arch {
namespace {

Result<Vcpu&> other_vcpu(Domain& d, u32 id) {
    if (id >= d.max_vcpus || !d.vcpus[id]) return refuse(Errno::srch, "vcpu is %u: there is no such one", id);
    if (d.vcpus[id] == &current()) return Errno::srch;   // ABI: it cannot be paused, so it is not there
    return *d.vcpus[id];
}

bool canonical(u64 va) { return static_cast<s64>(va << 16) >> 16 == static_cast<s64>(va); }

}  // namespace

Status get_extended(Domain& d, xen_domctl_ext_vcpucontext& x) {
    Vcpu& v = TRY(other_vcpu(d, x.vcpu));
    const ArchVcpu& a = v.arch;
    x.size = sizeof(x);
    x.sysenter_callback_cs = 0;
    x.sysenter_callback_eip = a.sysenter_callback.address;
    x.sysenter_disables_events = a.sysenter_callback.mask_events;
    x.syscall32_callback_cs = 0;
    x.syscall32_callback_eip = a.syscall32_callback.address;
    x.syscall32_disables_events = a.syscall32_callback.mask_events;
    return {};
}

Status set_extended(Domain& d, const xen_domctl_ext_vcpucontext& x) {
    Vcpu& v = TRY(other_vcpu(d, x.vcpu));
    constexpr u32 kLeast = offsetof(xen_domctl_ext_vcpucontext, mcg_cap);
    if (x.size < kLeast) return refuse(Errno::inval, "size is %u, at least %u", x.size, kLeast);
    if (!canonical(x.sysenter_callback_eip) || !canonical(x.syscall32_callback_eip))
        return refuse(Errno::inval, "a callback's address is not canonical");
    v.arch.sysenter_callback = {x.sysenter_callback_eip, x.sysenter_disables_events != 0};
    v.arch.syscall32_callback = {x.syscall32_callback_eip, x.syscall32_disables_events != 0};
    return {};
}

}  // namespace xen::arch
