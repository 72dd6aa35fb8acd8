// SPDX-License-Identifier: MIT
// Timers, and ways to leave and to get the CPU that a scheduler may reward.
#include "event.hpp"
#include "rings.hpp"
#include "second.hpp"
#include "storm.hpp"
#include <public/sched.h>

namespace {

void spin_for(u64 nanoseconds) {
    const u64 end = system_time() + nanoseconds;
    while (system_time() < end) asm volatile("pause");
}

// Sleeps until the timer's event.
void block_for(u64 nanoseconds) {
    static const long port = bind_virq(VIRQ_TIMER);
    set_mask(static_cast<u32>(port), false);
    hypercall(__HYPERVISOR_set_timer_op, system_time() + nanoseconds);
    hypercall(__HYPERVISOR_sched_op, SCHEDOP_block);
    set_upcall_mask(true);
}

} // namespace

void turn_timers() {
    for (u64 i = 0; i < 64; ++i) {
        const u64 now = system_time();
        hypercall(__HYPERVISOR_set_timer_op, now + i * 100);
        hypercall(__HYPERVISOR_set_timer_op, now - i);
        hypercall(__HYPERVISOR_set_timer_op, random_number());
        vcpu_set_singleshot_timer single = {now + i, i % 2 ? VCPU_SSHOTTMR_future : 0u};
        vcpu_call(VCPUOP_set_singleshot_timer, 0, &single);
    }
    hypercall(__HYPERVISOR_set_timer_op, 0);
}

void turn_vcpu_calls() {
    static vcpu_runstate_info state;
    vcpu_register_runstate_memory_area area;
    memset(static_cast<void*>(&area), 0, sizeof(area));
    area.addr.p = address(&state);
    for (u64 i = 0; i < 32; ++i) {
        vcpu_call(VCPUOP_is_up, i, nullptr);
        vcpu_call(VCPUOP_get_runstate_info, 0, &state);
        vcpu_call(VCPUOP_register_runstate_memory_area, 0, &area);
        vcpu_set_periodic_timer periodic = {i % 2 ? 1'000'000u : 1u};
        vcpu_call(VCPUOP_set_periodic_timer, 0, &periodic);
        vcpu_call(VCPUOP_initialise, i, &second_context());
        vcpu_call(VCPUOP_up, i + 1, nullptr);
        vcpu_call(VCPUOP_send_nmi, 0, nullptr);
        vcpu_call(random_number() % 64 + 14, random_number(), at<void>(kHypervisor));
    }
    vcpu_call(VCPUOP_stop_periodic_timer, 0, nullptr);
    area.addr.p = 0;
    vcpu_call(VCPUOP_register_runstate_memory_area, 0, &area);
}

void turn_yields() {
    for (unsigned i = 0; i < 64; ++i) hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield);
}

// Wakes as often as it can.
void turn_naps() {
    for (unsigned i = 0; i < 8; ++i) nap(20'000);
}

// Wakes by a timer's event, and then runs for a while.
void turn_wakes() {
    block_for(50'000);
    spin_for(900'000);
}

// Runs for most of ten milliseconds, the scheduler's tick elsewhere, and sleeps where a tick may be; the phase drifts.
void turn_dodges() {
    spin_for(9'700'000);
    block_for(230'000);
}
