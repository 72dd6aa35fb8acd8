// SPDX-License-Identifier: MIT
#include "common/control/domain_info.hpp"

#include <asm/abi.hpp>
#include <xen/arch_control.hpp>
#include <xen/guest_frames.hpp>
#include <xen/sched.hpp>

#include "lib/string.hpp"

namespace xen::control {
namespace {

u32 flags_of(const Domain& d, const sched::DomainState& s) {
    u32 f = arch::kDomainInfoFlags;
    if (d.dying.load(std::memory_order_relaxed) == Dying::dead) f |= XEN_DOMINF_dying;
    if (d.is_shut_down) f |= XEN_DOMINF_shutdown;
    if (d.controller_pauses) f |= XEN_DOMINF_paused;
    if (s.blocked) f |= XEN_DOMINF_blocked;
    if (s.running) f |= XEN_DOMINF_running;
    if (d.debugger_attached) f |= XEN_DOMINF_debugged;
    if (d.is_store) f |= XEN_DOMINF_xs_domain;
    // ABI: while there is no reason, all the bits from the shift up are set.
    u32 code = d.shutdown_code < 0 ? ~0u : static_cast<u32>(d.shutdown_code) & XEN_DOMINF_shutdownmask;
    return f | code << XEN_DOMINF_shutdownshift;
}

}  // namespace

xen_domctl_getdomaininfo domain_info(Domain& d) {
    sched::DomainState s = sched::state_of(d);
    xen_domctl_getdomaininfo x{};
    x.domain = d.id.raw();
    x.flags = flags_of(d, s);
    x.tot_pages = d.tot_pages;
    x.max_pages = d.max_pages;
    x.outstanding_pages = d.outstanding_claims;
    // ABI: where a translated domain has mapped it is its own knowledge.
    bool told = d.arch.shared_info_mfn && !GuestFrames::kTranslated;
    x.shared_info_frame = told ? d.arch.shared_info_mfn->raw() : ~u64{0};
    x.cpu_time = s.cpu_time;
    x.nr_online_vcpus = s.online_vcpus;
    x.max_vcpu_id = s.highest_vcpu;
    x.ssidref = 0;   // ABI: a label is a policy's like FLASK, and there is none
    memcpy(x.handle, d.handle, sizeof(x.handle));
    x.cpupool = s.pool;
    x.gpaddr_bits = arch::physical_address_bits();
    return x;
}

}  // namespace xen::control
