// SPDX-License-Identifier: MIT
#include "common/memory/op/op.hpp"

#include <xen/control.hpp>
#include <xen/memory.hpp>

namespace xen::memory {
namespace {

Result<s64> dispatch(u64 cmd, u64 op, u64 start, Arg arg) {
    switch (op) {
    case XENMEM_exchange: return start ? Result<s64>{Errno::inval} : exchange(arg);
    case XENMEM_maximum_ram_page: return start ? Result<s64>{Errno::inval} : static_cast<s64>(max_frame.raw());
    case XENMEM_current_reservation:
    case XENMEM_maximum_reservation:
    case XENMEM_maximum_gpfn: return start ? Result<s64>{Errno::inval} : query_domain(op, arg);
    case XENMEM_add_to_physmap: return add_to_physmap(arg);
    case XENMEM_add_to_physmap_batch: return add_to_physmap_batch(arg, start);
    case XENMEM_remove_from_physmap: return start ? Result<s64>{Errno::inval} : remove_from_physmap(arg);
    case XENMEM_access_op: return access_op(arg);
    case XENMEM_claim_pages: return start ? Result<s64>{Errno::inval} : claim_pages(arg);
    case XENMEM_get_vnumainfo: return get_vnumainfo(arg);
    case XENMEM_acquire_resource: return acquire_resource(arg, start);
    case XENMEM_set_pod_target:
    case XENMEM_get_pod_target: return pod_target(arg);
    default: return arch::memory_op(cmd, arg);
    }
}

// Not part of memory_op(), whose other ways need no frame on the stack.
[[gnu::noinline]] Result<s64> reported(u64 cmd, u64 op, u64 start, Arg arg) {
    refusal::begin();
    Result<s64> r = dispatch(cmd, op, start, arg);
    if (!r && r.error() != Errno::restart) [[unlikely]] report(op, r.error());
    return r;
}

}  // namespace

// Linux asks for ever more address bits until it gets its extent: such refusals are answers, and of little interest.
void report(u64 op, Errno e) {
    bool search = op == XENMEM_exchange && e == Errno::nomem;
    refusal::report("memory_op", op_name(op), op, e, search ? log::Level::debug : log::Level::warning);
}

Result<s64> memory_op(u64 cmd, GuestInOut<void> arg) {
    u64 op = cmd & ((1u << kProgressShift) - 1);
    u64 start = cmd >> kProgressShift;
    switch (op) {   // these tell by the number of what they did that they stopped early, and report themselves
    case XENMEM_increase_reservation: return increase_reservation(arg, start);
    case XENMEM_decrease_reservation: return decrease_reservation(arg, start);
    case XENMEM_populate_physmap: return populate_physmap(arg, start);
    default: return reported(cmd, op, start, arg);
    }
}

}  // namespace xen::memory
