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

void restart(Vcpu& v) {
    arch::HypercallRegs regs{v};
    if (regs.number() >= kNumbers) return;   // an iret, alone or in a multicall: the guest's rax is in place
    Frame& f = frame();
    for (unsigned i = 0; i < f.changed; ++i) regs.set_arg(i, f.args[i]);
    f.changed = 0;
    regs.again();
}

void from_guest(Vcpu& v) {
    arch::HypercallRegs regs{v};
    u64 number = regs.number();
    if (number >= kNumbers) return regs.set_result(abi_error(Errno::nosys));
    if (trace::on(TRC_PV_HYPERCALL_V2)) [[unlikely]]
        trace_call(TRC_PV_HYPERCALL_V2, number, {regs.arg(0), regs.arg(1), regs.arg(2)});
    s64 r = calls[number](regs.arg(0), regs.arg(1), regs.arg(2), regs.arg(3), regs.arg(4), regs.arg(5));
    if (r == abi_error(Errno::restart)) [[unlikely]] return restart(v);
    regs.set_result(r);
}

}  // namespace xen::hypercall
