// SPDX-License-Identifier: MIT
// Two vCPUs on one CPU that wake each other: two sends, two polls, two switches for each round.
#include "event.hpp"
#include "measure.hpp"
#include "page.hpp"
#include "rows.hpp"
#include "test.hpp"
#include <public/sched.h>
#include <public/vcpu.h>

extern "C" void secondary_start();

namespace {

alignas(16) u8 stack[8192];
vcpu_guest_context context;
u32 ping, pong;              // to the second, to the first
volatile u32 stop;

void wait_for(u32& port) {
    auto op = zeroed<sched_poll>();
    set_handle(op.ports, &port);
    op.nr_ports = 1;
    while (!is_pending(port)) hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, address(&op));
    __atomic_and_fetch(&shared->evtchn_pending[port / 64], ~(u64{1} << port % 64), __ATOMIC_SEQ_CST);
}

bool start() {
    memset(static_cast<void*>(&context), 0, sizeof(context));
    context.flags = VGCF_IN_KERNEL;
    context.user_regs.rip = address(&secondary_start);
    context.user_regs.rsp = address(stack) + sizeof(stack);
    context.user_regs.cs = FLAT_KERNEL_CS;
    context.user_regs.ss = FLAT_KERNEL_SS;
    context.user_regs.rflags = 0x200;
    context.kernel_ss = FLAT_KERNEL_SS;
    context.kernel_sp = context.user_regs.rsp;
    context.ctrlreg[3] = root_mfn() << 12;
    return !hypercall(__HYPERVISOR_vcpu_op, VCPUOP_initialise, 1, address(&context)) &&
           !hypercall(__HYPERVISOR_vcpu_op, VCPUOP_up, 1, 0);
}

u32 masked_ipi(u32 vcpu) {
    const u32 port = static_cast<u32>(bind_ipi(vcpu));
    set_mask(port, true);    // polled, never delivered
    return port;
}

} // namespace

extern "C" void secondary_main() {
    while (!stop) {
        wait_for(ping);
        send_port(pong);
    }
    for (;;) hypercall(__HYPERVISOR_vcpu_op, VCPUOP_down, 1, 0);
}

void vcpus() {
    ping = masked_ipi(1);
    pong = masked_ipi(0);
    shared->vcpu_info[1].evtchn_upcall_mask = 1;
    if (!start()) return no_row("ping_pong", -1);
    const auto round = [] {
        send_port(ping);
        wait_for(pong);
    };
    round();
    row("ping_pong", lowest(round));
    stop = 1;
    round();
    for (u32 port : {ping, pong}) {
        close_port(port);
        set_mask(port, false);
    }
}
