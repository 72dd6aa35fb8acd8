// SPDX-License-Identifier: MIT
// The x86 operations of domctl.
#include <asm/hypercall_page.hpp>
#include <xen/arch_control.hpp>
#include <xen/arch_vcpu.hpp>
#include <xen/hypercall.hpp>
#include <xen/refusal.hpp>
#include <xen/sched.hpp>
#include <xen/time.hpp>

#include "arch/x86/control/policy.hpp"
#include "arch/x86/control/vcpu_state.hpp"

namespace xen::arch {
namespace {

constexpr u64 kMostFrames = 1024;

// Type of one frame as getpageframeinfo3 has it.
u32 frame_kind(Domain& d, Mfn f) {
    auto ref = PageRef::get(f, d);
    if (!ref) return XEN_DOMCTL_PFINFO_XTAB;
    const PageInfo& p = *ref.value();
    u32 kind = XEN_DOMCTL_PFINFO_NOTAB;
    if (p.type_uses() && p.page_type() >= PageType::l1 && p.page_type() <= PageType::l4)
        kind = static_cast<u32>(p.page_type()) << XEN_DOMCTL_PFINFO_LTAB_SHIFT;
    if (p.type.load(std::memory_order_relaxed) & PageInfo::kPinned) kind |= XEN_DOMCTL_PFINFO_LPINTAB;
    return kind;
}

Status frame_info(Domain& d, xen_domctl_getpageframeinfo3& x) {
    if (x.num > kMostFrames)
        return refuse(Errno::toobig, "num is %llu, at most %llu", static_cast<unsigned long long>(x.num),
                      static_cast<unsigned long long>(kMostFrames));
    for (u64 i = 0; i < x.num; ++i) {
        u64 frame = TRY(guest_in(x.array).copy_in(i));
        TRY(guest_out(x.array).copy_out(static_cast<xen_pfn_t>(frame_kind(d, Mfn{frame})), i));
    }
    return {};
}

Status set_tsc(Domain& d, const xen_domctl_tsc_info& x) {
    if (&d == &current_domain()) return Errno::inval;
    domain::pause(d);
    Status s = arch::set_tsc(d, x.tsc_mode, x.gtsc_khz, x.elapsed_nsec, x.incarnation);
    d.for_each_vcpu([](Vcpu& v) {
        arch::sync_vcpu(v);   // its next run traps RDTSC or not
        sched::tell_time_soon(v);
    });
    domain::unpause(d);
    return s;
}

void get_tsc(const Domain& d, xen_domctl_tsc_info& x) {
    x = {};
    const arch::GuestTsc& tsc = d.arch.tsc;
    x.tsc_mode = static_cast<u32>(tsc.mode);
    x.gtsc_khz = tsc.mode == arch::TscMode::native ? 0 : tsc.khz;
    x.incarnation = tsc.incarnation;
    x.elapsed_nsec = arch::tsc_elapsed(d);
}

Status trigger(Domain& d, const xen_domctl_sendtrigger& x) {
    if (x.vcpu >= d.max_vcpus || !d.vcpus[x.vcpu]) return refuse(Errno::srch, "vcpu is %u: there is no such one", x.vcpu);
    switch (x.trigger) {
    case XEN_DOMCTL_SENDTRIGGER_NMI: raise_nmi(*d.vcpus[x.vcpu]); return {};
    case XEN_DOMCTL_SENDTRIGGER_POWER:
    case XEN_DOMCTL_SENDTRIGGER_SLEEP: return refuse(Errno::inval, "trigger is %u: a button of HVM domains", x.trigger);
    default: return refuse(Errno::nosys, "trigger is %u: PV domains have NMIs only", x.trigger);
    }
}

Status set_width(u32 bits) {
    return bits == 64 ? Status{} : refuse(Errno::inval, "size is %u: PV domains have 64-bit kernels only", bits);
}

}  // namespace

Status domctl(xen_domctl& op, Domain& d, bool& changed) {
    switch (op.cmd) {
    case XEN_DOMCTL_getpageframeinfo3: return frame_info(d, op.u.getpageframeinfo3);
    case XEN_DOMCTL_hypercall_init: return install_hypercall_page(d, op.u.hypercall_init.gmfn << kPageShift);
    case XEN_DOMCTL_set_address_size: return set_width(op.u.address_size.size);
    case XEN_DOMCTL_get_address_size:
        changed = true;
        op.u.address_size.size = 64;
        return {};
    case XEN_DOMCTL_sendtrigger: return trigger(d, op.u.sendtrigger);
    case XEN_DOMCTL_settscinfo: return set_tsc(d, op.u.tsc_info);
    case XEN_DOMCTL_gettscinfo:
        if (&d == &current_domain()) return Errno::inval;
        changed = true;
        get_tsc(d, op.u.tsc_info);
        return {};
    case XEN_DOMCTL_get_ext_vcpucontext: changed = true; return get_extended(d, op.u.ext_vcpucontext);
    case XEN_DOMCTL_set_ext_vcpucontext: return set_extended(d, op.u.ext_vcpucontext);
    case XEN_DOMCTL_get_cpu_policy: changed = true; return get_policy(d, op.u.cpu_policy);
    case XEN_DOMCTL_set_cpu_policy: return set_policy(d, op.u.cpu_policy, changed);
    case XEN_DOMCTL_getvcpuextstate: changed = true; return get_extended_state(d, op.u.vcpuextstate);
    case XEN_DOMCTL_setvcpuextstate: return set_extended_state(d, op.u.vcpuextstate);
    case XEN_DOMCTL_get_vcpu_msrs: changed = true; return get_msrs(d, op.u.vcpu_msrs);
    case XEN_DOMCTL_set_vcpu_msrs: changed = true; return set_msrs(d, op.u.vcpu_msrs);
    case XEN_DOMCTL_shadow_op: return shadow(d, op.u.shadow_op, changed);
    default: return unsupported(op, d);
    }
}

}  // namespace xen::arch
