// SPDX-License-Identifier: MIT
// XEN_DOMCTL_shadow_op (public/domctl.h): the record of changed pages. No domain has shadow tables: what needs them is
// refused as Xen refuses it that was built without.
#include <xen/domain.hpp>
#include <xen/log.hpp>

#include "arch/x86/control/vcpu_state.hpp"
#include "arch/x86/mm/log_dirty.hpp"

namespace xen::arch {

Status shadow(Domain& d, xen_domctl_shadow_op& x, bool& changed) {
    if (&d == &current_domain()) return Errno::inval;
    if (d.is_dying()) return {};
    if (!d.max_vcpus || !d.vcpus[0]) return Errno::inval;
    switch (x.op) {
    case XEN_DOMCTL_SHADOW_OP_ENABLE:
        if (!(x.mode & XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY)) return Errno::inval;
        return mm::log_dirty::enable(d);
    case XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY: return mm::log_dirty::enable(d);
    case XEN_DOMCTL_SHADOW_OP_OFF: mm::log_dirty::disable(d); return {};
    case XEN_DOMCTL_SHADOW_OP_CLEAN:
    case XEN_DOMCTL_SHADOW_OP_PEEK:
        if (x.mode & ~u32{XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL}) return Errno::inval;
        changed = true;
        return mm::log_dirty::read(d, x, x.op == XEN_DOMCTL_SHADOW_OP_CLEAN);
    default: return Errno::inval;
    }
}

}  // namespace xen::arch
