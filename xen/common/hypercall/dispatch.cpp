// SPDX-License-Identifier: MIT
// From a guest's registers to the handler and back.
#include <asm/hypercall_regs.hpp>
#include <xen/event.hpp>
#include <xen/hypercall.hpp>
#include <xen/softirq.hpp>

#include "common/hypercall/table.hpp"
#include "common/hypercall/trace.hpp"

namespace xen::hypercall {
namespace {

XEN_PERCPU constinit PerCpu<Frame> frames;

}  // namespace

Frame& frame() { return frames.local(); }

// Boot builds dom0 on the idle vCPU, which has nowhere to yield to.
bool preempt_due() {
    Vcpu& v = current();
    return (softirq::pending() && !v.is_idle()) || event::upcall_due(v);
}

void from_guest(Vcpu& v) {
    arch::HypercallRegs regs{v};
    u64 number = regs.number();
    if (number >= kNumbers || !table.entries[number].call) [[unlikely]] {
        regs.set_result(abi_error(Errno::nosys));
        return;
    }
    if (trace::on(TRC_PV_HYPERCALL_V2)) [[unlikely]]
        trace_call(TRC_PV_HYPERCALL_V2, number, {regs.arg(0), regs.arg(1), regs.arg(2)});
    Frame& f = frame();
    f.number = number;
    f.changed = 0;
    s64 r = table.entries[number].call(regs.arg(0), regs.arg(1), regs.arg(2), regs.arg(3), regs.arg(4), regs.arg(5));
    // iret, alone or in a multicall, has replaced every register; its value is the guest's rax, whatever it looks like.
    if (r != abi_error(Errno::restart) || f.number == __HYPERVISOR_iret) [[likely]] {
        regs.set_result(r);
        return;
    }
    for (unsigned i = 0; i < f.changed; ++i) regs.set_arg(i, f.args[i]);
    regs.again();
}

}  // namespace xen::hypercall
