// SPDX-License-Identifier: MIT
// XEN_DOMCTL_shadow_op (public/domctl.h): the record of changed pages. No domain has shadow tables: what needs them is
// refused as Xen refuses it that was built without.
#include <xen/domain.hpp>
#include <xen/refusal.hpp>

#include "arch/x86/control/vcpu_state.hpp"
#include "arch/x86/mm/log_dirty.hpp"

namespace xen::arch {
namespace {

namespace log_dirty = mm::log_dirty;

Status enable(Domain& d, const xen_domctl_shadow_op& x) {
    bool asks = x.op == XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY || (x.mode & XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY);
    if (!asks) return refuse(Errno::inval, "mode is %#x: there are no shadow tables", x.mode);
    return log_dirty::enable(d, x);
}

Status disable(Domain& d) {
    if (!d.arch.log_dirty_work) return Errno::inval;   // what libxc asks at the end of each save
    log_dirty::disable(d);
    return {};
}

Status read(Domain& d, xen_domctl_shadow_op& x, bool& changed) {
    if (x.mode & ~u32{XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL}) return refuse(Errno::inval, "mode is %#x: unknown bits", x.mode);
    changed = true;
    return log_dirty::read(d, x);
}

}  // namespace

Status shadow(Domain& d, xen_domctl_shadow_op& x, bool& changed) {
    if (&d == &current_domain()) return refuse(Errno::inval, "no domain does this to itself");
    if (d.is_dying()) return {};
    if (!d.max_vcpus || !d.vcpus[0]) return refuse(Errno::inval, "the domain has no vCPU yet");
    switch (x.op) {
    case XEN_DOMCTL_SHADOW_OP_ENABLE:
    case XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY: TRY(log_dirty::claim(d, x)); return enable(d, x);
    case XEN_DOMCTL_SHADOW_OP_OFF: TRY(log_dirty::claim(d, x)); return disable(d);
    case XEN_DOMCTL_SHADOW_OP_CLEAN:
    case XEN_DOMCTL_SHADOW_OP_PEEK: TRY(log_dirty::claim(d, x)); return read(d, x, changed);
    default: return refuse(Errno::inval, "op is %u: there are no shadow tables", x.op);
    }
}

}  // namespace xen::arch
