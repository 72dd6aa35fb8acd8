// SPDX-License-Identifier: MIT
#include "second.hpp"
#include "event.hpp"
#include "page.hpp"
#include "test.hpp"
#include <public/sched.h>

extern "C" void secondary_start();

namespace {

vcpu_guest_context context;
alignas(16) u8 stack[8192];
void (*volatile second_job)();
constexpr long kExists = -17;

} // namespace

extern "C" void secondary_main() {
    for (;;) {
        if (second_job) second_job();
        hypercall(__HYPERVISOR_vcpu_op, VCPUOP_down, 1, 0);
    }
}

long vcpu_call(u64 command, u64 id, void* argument) {
    return hypercall(__HYPERVISOR_vcpu_op, command, id, address(argument));
}

vcpu_guest_context& second_context() {
    memset(static_cast<void*>(&context), 0, sizeof(context));
    context.flags = VGCF_IN_KERNEL;
    context.user_regs.rip = address(&secondary_start);
    context.user_regs.rsp = address(stack) + sizeof(stack);
    context.user_regs.cs = FLAT_KERNEL_CS;
    context.user_regs.ss = FLAT_KERNEL_SS;
    context.user_regs.ds = FLAT_KERNEL_DS;
    context.user_regs.es = FLAT_KERNEL_DS;
    context.user_regs.rflags = 0x200;
    context.kernel_ss = FLAT_KERNEL_SS;
    context.kernel_sp = context.user_regs.rsp;
    context.ctrlreg[3] = root_mfn() << 12;
    return context;
}

void set_second_job(void (*job)()) { second_job = job; }

long start_second(void (*job)()) {
    set_second_job(job);
    const long made = vcpu_call(VCPUOP_initialise, 1, &second_context());
    if (made && made != kExists) return made;
    return vcpu_call(VCPUOP_up, 1, nullptr);
}

bool second_is_up() { return vcpu_call(VCPUOP_is_up, 1, nullptr) == 1; }

bool wait_for(bool (*done)()) {
    const u64 end = system_time() + 3000000000;
    while (!done()) {
        hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield);
        if (system_time() > end) return false;
    }
    return true;
}
