// SPDX-License-Identifier: MIT
// vcpu_op: a second vCPU is initialised, started, watched and stopped; areas are registered.
#include "event.hpp"
#include "page.hpp"
#include "second.hpp"
#include "test.hpp"
#include <public/sched.h>

volatile u64 secondary_ticks;
volatile u32 secondary_stop;

namespace {

// What the second vCPU does: count until it is told to stop.
void count() {
    while (!secondary_stop) {
        secondary_ticks = secondary_ticks + 1;
        hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield);
    }
}

long vcpu(u64 command, u64 id, void* argument) { return vcpu_call(command, id, argument); }

void wrong_contexts() {
    result("initialise.fault", vcpu(VCPUOP_initialise, 1, at<void>(kUnmapped)));
    vcpu_guest_context& context = second_context();
    result("initialise.self", vcpu(VCPUOP_initialise, 0, &context));
    result("up.not_initialised", vcpu(VCPUOP_up, 1, nullptr));
    second_context();
    context.ctrlreg[3] = mfn_of(&context) << 12;
    result("initialise.bad_cr3", vcpu(VCPUOP_initialise, 1, &context));
    second_context();
    context.user_regs.rip = kNonCanonical;
    result("initialise.bad_rip", vcpu(VCPUOP_initialise, 1, &context));
    second_context();
    context.user_regs.rsp = kNonCanonical;
    context.event_callback_eip = kNonCanonical;
    result("initialise.bad_callback", vcpu(VCPUOP_initialise, 1, &context));
    second_context();
    context.gdt_ents = 99999;
    result("initialise.bad_gdt", vcpu(VCPUOP_initialise, 1, &context));
    second_context();
    context.fs_base = kNonCanonical;
    result("initialise.bad_fs_base", vcpu(VCPUOP_initialise, 1, &context));
    second_context();
    context.ldt_base = address(&context) | 1;
    context.ldt_ents = 1;
    result("initialise.bad_ldt", vcpu(VCPUOP_initialise, 1, &context));
}

void second() {
    result("is_up.self", vcpu(VCPUOP_is_up, 0, nullptr));
    result("is_up.down", vcpu(VCPUOP_is_up, 1, nullptr));
    set_second_job(count);
    vcpu_guest_context& context = second_context();
    result("initialise", vcpu(VCPUOP_initialise, 1, &context));
    result("initialise.twice", vcpu(VCPUOP_initialise, 1, &context));
    result("is_up.initialised", vcpu(VCPUOP_is_up, 1, nullptr));
    result("up", vcpu(VCPUOP_up, 1, nullptr));
    check("up.runs", wait_for([] { return secondary_ticks > 3; }));
    result("is_up", vcpu(VCPUOP_is_up, 1, nullptr));
    result("up.twice", vcpu(VCPUOP_up, 1, nullptr));
    result("down.other", vcpu(VCPUOP_down, 1, nullptr));
    check("down.stopped", wait_for([] { return vcpu(VCPUOP_is_up, 1, nullptr) == 0; }));
    u64 ticks = secondary_ticks;
    result("up.again", vcpu(VCPUOP_up, 1, nullptr));
    const u64 end = system_time() + 3000000000;
    while (secondary_ticks == ticks && system_time() < end) hypercall(__HYPERVISOR_sched_op, 0);
    check("up.continues", secondary_ticks != ticks);
    secondary_stop = 1;
    check("down.by_itself", wait_for([] { return vcpu(VCPUOP_is_up, 1, nullptr) == 0; }));
}

void runstate() {
    vcpu_runstate_info info = {};
    result("runstate", vcpu(VCPUOP_get_runstate_info, 0, &info));
    value("runstate.state", static_cast<u64>(info.state));
    const u64 sum = info.time[0] + info.time[1] + info.time[2] + info.time[3];
    check("runstate.sum", sum <= system_time() && sum > 0);
    // On another processor it may still be on its way out.
    wait_for([] {
        vcpu_runstate_info other = {};
        return vcpu(VCPUOP_get_runstate_info, 1, &other) || other.state == RUNSTATE_offline;
    });
    result("runstate.other", vcpu(VCPUOP_get_runstate_info, 1, &info));
    value("runstate.other.state", static_cast<u64>(info.state));
    result("runstate.fault", vcpu(VCPUOP_get_runstate_info, 0, at<void>(kUnmapped)));
    static vcpu_runstate_info area;
    auto op = zeroed<vcpu_register_runstate_memory_area>();
    op.addr.p = address(&area);
    area.state = 77;
    result("runstate_area", vcpu(VCPUOP_register_runstate_memory_area, 0, &op));
    value("runstate_area.state", static_cast<u64>(area.state));
    check("runstate_area.time", area.time[0] > 0);
    op.addr.p = kUnmapped;
    result("runstate_area.unmapped", vcpu(VCPUOP_register_runstate_memory_area, 0, &op));
    op.addr.p = kHypervisor;
    result("runstate_area.hypervisor", vcpu(VCPUOP_register_runstate_memory_area, 0, &op));
    op.addr.p = 0;
    result("runstate_area.drop", vcpu(VCPUOP_register_runstate_memory_area, 0, &op));
    result("runstate_area.fault",
           vcpu(VCPUOP_register_runstate_memory_area, 0, at<void>(kUnmapped)));
}

void time_area() {
    static vcpu_time_info area;
    auto op = zeroed<vcpu_register_time_memory_area>();
    op.addr.p = address(&area);
    result("time_area", vcpu(VCPUOP_register_vcpu_time_memory_area, 0, &op));
    check("time_area.filled",
          area.tsc_to_system_mul == shared->vcpu_info[0].time.tsc_to_system_mul);
    op.addr.p = kHypervisor;
    result("time_area.hypervisor", vcpu(VCPUOP_register_vcpu_time_memory_area, 0, &op));
    op.addr.p = kUnmapped;
    result("time_area.unmapped", vcpu(VCPUOP_register_vcpu_time_memory_area, 0, &op));
    op.addr.p = 0;
    result("time_area.drop", vcpu(VCPUOP_register_vcpu_time_memory_area, 0, &op));
    result("time_area.fault", vcpu(VCPUOP_register_vcpu_time_memory_area, 0, at<void>(kUnmapped)));
}

// On the second vCPU: the first one's info must stay in the shared page, where the traps look.
void info_area() {
    u8* page = new_page();
    vcpu_register_vcpu_info op = {mfn_of(page), 0, 0};
    for (u32 offset : {3u, 4u, 0xfc4u, 0x1000u, ~7u}) {
        op.offset = offset;
        result(join("vcpu_info.offset.", offset), vcpu(VCPUOP_register_vcpu_info, 1, &op));
    }
    op = {u64{1} << 39, 0, 0};
    result("vcpu_info.bad_frame", vcpu(VCPUOP_register_vcpu_info, 1, &op));
    op = {root_mfn(), 0, 0};
    result("vcpu_info.page_table", vcpu(VCPUOP_register_vcpu_info, 1, &op));
    shared->vcpu_info[1].evtchn_upcall_mask = 1;
    op = {mfn_of(page), 128, 0};
    result("vcpu_info", vcpu(VCPUOP_register_vcpu_info, 1, &op));
    const vcpu_info* moved = reinterpret_cast<const vcpu_info*>(page + 128);
    value("vcpu_info.mask_copied", moved->evtchn_upcall_mask);
    value("vcpu_info.pending", moved->evtchn_upcall_pending);
    check("vcpu_info.selectors", moved->evtchn_pending_sel == ~u64{0});
    result("vcpu_info.twice", vcpu(VCPUOP_register_vcpu_info, 1, &op));
    result("vcpu_info.fault", vcpu(VCPUOP_register_vcpu_info, 1, at<void>(kUnmapped)));
    const u32 ipi = static_cast<u32>(bind_ipi(1));
    *const_cast<u8*>(&moved->evtchn_upcall_pending) = 0;
    send_port(ipi);
    value("vcpu_info.event_lands", moved->evtchn_upcall_pending);
    clear_pending(ipi);
    close_port(ipi);
}

void other_operations() {
    vcpu_get_physid id = {};
    // Answered only while the vCPU can run nowhere else: always so on a machine with one processor.
    const long rc = vcpu(VCPUOP_get_physid, 0, &id);
    check("physid", rc == 0 || rc == -22);
    for (u64 command = 0; command < 17; ++command) {
        result(join("absent_vcpu.", command), vcpu(command, 2, nullptr));
        result(join("large_vcpu.", command), vcpu(command, 5000, nullptr));
    }
    result("command.99", vcpu(99, 0, nullptr));
    result("command.minus1", vcpu(~u64{0}, 0, nullptr));
    result("vcpu.minus1", vcpu(VCPUOP_is_up, ~u64{0}, nullptr));
}

} // namespace

void test_vcpu() {
    wrong_contexts();
    second();
    runstate();
    time_area();
    info_area();
    other_operations();
}
