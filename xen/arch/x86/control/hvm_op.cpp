// SPDX-License-Identifier: MIT
// HYPERVISOR_hvm_op, HYPERVISOR_dm_op and the continued shadow operation, as they answer while every domain is PV:
// arguments are read, domains looked up, and then the domain is found to be of the wrong kind.
#include <public/domctl.h>
#include <public/hvm/dm_op.h>
#include <public/hvm/hvm_op.h>
#include <public/hvm/params.h>
#include <xen/control.hpp>
#include <xen/time.hpp>
#include <xen/trace.hpp>

#include "lib/string.hpp"

namespace xen::control {
namespace {

// A request about a domain that `T::domid` names.
template <class T>
Status about_domain(GuestInOut<void> arg) {
    auto x = TRY(arg.copy_in<T>());
    DomainRef d = TRY(domain::find_or_self(DomId{x.domid}));
    return Errno::inval;
}

Status parameter(GuestInOut<void> arg) {
    if (TRY(arg.copy_in<xen_hvm_param>()).index >= HVM_NR_PARAMS) return Errno::inval;
    return about_domain<xen_hvm_param>(arg);
}

Status get_time(GuestInOut<void> arg) {
    xen_hvm_get_time x{static_cast<u64>(time::now().raw())};
    return arg.copy_out(x);
}

// The caller's own record for the trace buffers.
Status trace_own(GuestInOut<void> arg) {
    auto x = TRY(arg.copy_in<xen_hvm_xentrace>());
    constexpr u16 kEvents = (1 << TRC_SUBCLS_SHIFT) - 1;
    if (x.extra_bytes > sizeof(x.extra) || (x.event & ~kEvents)) return Errno::inval;
    u32 event = x.event | TRC_GUEST;
    if (!trace::on(event)) return {};
    u32 words[TRACE_EXTRA_MAX] = {};
    memcpy(words, x.extra, x.extra_bytes);
    trace::record(event, words, (x.extra_bytes + 3u) / 4);
    return {};
}

Status dispatch(u64 cmd, GuestInOut<void> arg) {
    switch (cmd) {
    case HVMOP_set_param:
    case HVMOP_get_param: return parameter(arg);
    case HVMOP_pagetable_dying: return about_domain<xen_hvm_pagetable_dying>(arg);
    case HVMOP_get_mem_type: return about_domain<xen_hvm_get_mem_type>(arg);
    case HVMOP_flush_tlbs:
    case HVMOP_set_evtchn_upcall_vector: return Errno::inval;
    case HVMOP_guest_request_vm_event: return arg.is_null() ? Status{} : Errno::inval;  // nobody listens
    case HVMOP_get_time: return get_time(arg);
    case HVMOP_xentrace: return trace_own(arg);
    case HVMOP_altp2m: return Errno::opnotsupp;
    default: return Errno::nosys;
    }
}

}  // namespace

Result<s64> hvm_op(u64 cmd, GuestInOut<void> arg) {
    TRY(dispatch(cmd, arg));
    return 0;
}

Result<s64> device_model_op(u32 domain, u32 buffers, GuestInOut<void> arg) {
    constexpr u32 kMostBuffers = 2;
    if (buffers > kMostBuffers) return Errno::toobig;
    GuestIn<xen_dm_op_buf> list{arg.raw()};
    for (u32 i = 0; i < buffers; ++i) TRY(list.copy_in(i));
    if (!buffers) return Errno::nodata;
    DomainRef d = TRY(domain::find(DomId{static_cast<u16>(domain)}));
    return &*d == &current_domain() ? Errno::perm : Errno::inval;
}

// Only a shadow operation that was interrupted can be continued.
Result<s64> paging_continued(GuestInOut<void> arg) {
    auto op = TRY(arg.copy_in<xen_domctl>());
    if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION || op.cmd != XEN_DOMCTL_shadow_op) return Errno::opnotsupp;
    DomainRef d = TRY(domain::find(DomId{op.domain}));
    return Errno::inval;
}

}  // namespace xen::control
