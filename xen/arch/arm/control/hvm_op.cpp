// SPDX-License-Identifier: MIT
// HYPERVISOR_hvm_op on Arm: the parameters by which a guest finds its store and console.
#include <public/hvm/hvm_op.h>
#include <public/hvm/params.h>
#include <xen/control.hpp>
#include <xen/refusal.hpp>
#include <xen/security.hpp>

namespace xen::control {
namespace {

bool is_known(u32 index) {
    switch (index) {
    case HVM_PARAM_CALLBACK_IRQ:
    case HVM_PARAM_STORE_PFN:
    case HVM_PARAM_STORE_EVTCHN:
    case HVM_PARAM_CONSOLE_PFN:
    case HVM_PARAM_CONSOLE_EVTCHN:
    case HVM_PARAM_MONITOR_RING_PFN: return true;
    default: return false;
    }
}

// What the domain's builder tells it is not its own to change.
bool is_builders(u32 index) { return index != HVM_PARAM_CALLBACK_IRQ; }

Status parameter(GuestInOut<void> arg, bool set) {
    auto x = TRY(arg.copy_in<xen_hvm_param>());
    if (x.index >= HVM_NR_PARAMS) return Errno::inval;
    DomainRef d = TRY(domain::find_or_self(DomId{x.domid}));
    TRY(security::may(security::Op::hvm_param, *d));
    if (!is_known(x.index)) return Errno::inval;
    u64& value = d->arch.params[x.index];
    if (set) {
        if (is_builders(x.index) && d.get() == &current_domain()) return Errno::perm;
        __atomic_store_n(&value, x.value, __ATOMIC_RELAXED);
        return {};
    }
    x.value = __atomic_load_n(&value, __ATOMIC_RELAXED);
    return arg.copy_out(x);
}

}  // namespace

Result<s64> hvm_op(u64 cmd, GuestInOut<void> arg) {
    switch (cmd) {
    case HVMOP_set_param: TRY(parameter(arg, true)); return 0;
    case HVMOP_get_param: TRY(parameter(arg, false)); return 0;
    case HVMOP_guest_request_vm_event: return arg.is_null() ? Result<s64>{s64{0}} : Errno::inval;   // nobody listens
    default: return Errno::nosys;
    }
}

}  // namespace xen::control
