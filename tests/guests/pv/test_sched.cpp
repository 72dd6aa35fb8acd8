// SPDX-License-Identifier: MIT
// sched_op, set_timer_op and the per-vCPU timers: that time passes and wakes us, and the errors.
#include "event.hpp"
#include "test.hpp"
#include <public/sched.h>
#include <public/vcpu.h>

namespace {

constexpr u64 kMillisecond = 1000000;
u32 timer_port;

long sched(u64 command, void* argument) {
    return hypercall(__HYPERVISOR_sched_op, command, address(argument));
}

long vcpu(u64 command, u64 id, void* argument) {
    return hypercall(__HYPERVISOR_vcpu_op, command, id, address(argument));
}

void simple() {
    result("yield", sched(SCHEDOP_yield, nullptr));
    result("yield.argument", sched(SCHEDOP_yield, at<void>(kUnmapped)));
    const u64 start = system_time();
    for (int i = 0; i < 100; ++i) sched(SCHEDOP_yield, nullptr);
    check("time.monotonic", system_time() > start);
}

void timer() {
    clear_pending(timer_port);
    const u64 start = system_time();
    result("set_timer", hypercall(__HYPERVISOR_set_timer_op, start + 2 * kMillisecond));
    check("set_timer.fires", wait_pending(timer_port, 2000 * kMillisecond));
    check("set_timer.not_early", system_time() >= start + 2 * kMillisecond);
    clear_pending(timer_port);
    result("set_timer.past", hypercall(__HYPERVISOR_set_timer_op, 1));
    check("set_timer.past.fires", wait_pending(timer_port, 2000 * kMillisecond));
    clear_pending(timer_port);
    hypercall(__HYPERVISOR_set_timer_op, system_time() + 5 * kMillisecond);
    result("set_timer.stop", hypercall(__HYPERVISOR_set_timer_op, 0));
    check("set_timer.stopped", !wait_pending(timer_port, 20 * kMillisecond));
    result("set_timer.far", hypercall(__HYPERVISOR_set_timer_op, ~u64{0} >> 1));
    hypercall(__HYPERVISOR_set_timer_op, 0);
    clear_pending(timer_port);
}

void block() {
    const u64 start = system_time();
    const u64 before = event_count;
    hypercall(__HYPERVISOR_set_timer_op, start + 3 * kMillisecond);
    result("block", sched(SCHEDOP_block, nullptr)); // opens upcalls by itself
    check("block.slept", system_time() >= start + 3 * kMillisecond);
    value("block.upcalls", event_count - before);
    value("block.opened_mask", shared->vcpu_info[0].evtchn_upcall_mask);
    set_upcall_mask(true);
    clear_pending(timer_port);
    // Something pending already: returns at once.
    hypercall(__HYPERVISOR_set_timer_op, system_time() + 500 * kMillisecond);
    const u32 ipi = static_cast<u32>(bind_ipi());
    send_port(ipi);
    const u64 again = system_time();
    result("block.pending", sched(SCHEDOP_block, nullptr));
    check("block.pending.at_once", system_time() < again + 400 * kMillisecond);
    set_upcall_mask(true);
    hypercall(__HYPERVISOR_set_timer_op, 0);
    clear_pending(ipi);
    close_port(ipi);
    clear_pending(timer_port);
}

long poll(u32* ports, u32 count, u64 timeout) {
    auto op = zeroed<sched_poll>();
    set_handle(op.ports, ports);
    op.nr_ports = count;
    op.timeout = timeout;
    return sched(SCHEDOP_poll, &op);
}

void polling() {
    u32 ports[130] = {timer_port};
    clear_pending(timer_port);
    u64 start = system_time();
    result("poll.timeout", poll(ports, 1, start + 3 * kMillisecond));
    check("poll.timeout.slept", system_time() >= start + 3 * kMillisecond);
    hypercall(__HYPERVISOR_set_timer_op, system_time() + 2 * kMillisecond);
    start = system_time();
    result("poll.event", poll(ports, 1, start + 2000 * kMillisecond));
    check("poll.event.pending", is_pending(timer_port));
    check("poll.event.early", system_time() < start + 1500 * kMillisecond);
    result("poll.already", poll(ports, 1, 0));
    clear_pending(timer_port);
    result("poll.past", poll(ports, 1, 1));
    result("poll.too_many", poll(ports, 129, 1));
    ports[1] = 131072;
    result("poll.bad_port", poll(ports, 2, 1));
    result("poll.port_4096", (ports[1] = 4096, poll(ports, 2, 1)));
    result("poll.none", poll(ports, 0, system_time() + kMillisecond));
    result("poll.list_fault", poll(at<u32>(kUnmapped), 1, 1));
    for (const WildPointer& wild : wild_pointers)
        result(join("poll.argument.", wild.name), sched(SCHEDOP_poll, at<void>(wild.where)));
    set_upcall_mask(false);
    result("poll.mask_open", poll(ports, 1, system_time() + kMillisecond));
    set_upcall_mask(true);
}

void singleshot() {
    vcpu_set_singleshot_timer shot = {system_time() + 2 * kMillisecond, 0};
    clear_pending(timer_port);
    result("singleshot", vcpu(VCPUOP_set_singleshot_timer, 0, &shot));
    check("singleshot.fires", wait_pending(timer_port, 2000 * kMillisecond));
    clear_pending(timer_port);
    shot = {1, VCPU_SSHOTTMR_future};
    result("singleshot.past_future_flag", vcpu(VCPUOP_set_singleshot_timer, 0, &shot));
    wait_pending(timer_port, 50 * kMillisecond);
    clear_pending(timer_port);
    shot = {system_time() + 5 * kMillisecond, 0};
    vcpu(VCPUOP_set_singleshot_timer, 0, &shot);
    result("singleshot.stop", vcpu(VCPUOP_stop_singleshot_timer, 0, nullptr));
    check("singleshot.stopped", !wait_pending(timer_port, 20 * kMillisecond));
    result("singleshot.other_vcpu", vcpu(VCPUOP_set_singleshot_timer, 1, &shot));
    result("singleshot.stop_other", vcpu(VCPUOP_stop_singleshot_timer, 1, nullptr));
    result("singleshot.fault", vcpu(VCPUOP_set_singleshot_timer, 0, at<void>(kUnmapped)));
}

void periodic() {
    vcpu_set_periodic_timer period = {2 * kMillisecond};
    result("periodic", vcpu(VCPUOP_set_periodic_timer, 0, &period));
    clear_pending(timer_port);
    check("periodic.first", wait_pending(timer_port, 2000 * kMillisecond));
    clear_pending(timer_port);
    check("periodic.second", wait_pending(timer_port, 2000 * kMillisecond));
    result("periodic.stop", vcpu(VCPUOP_stop_periodic_timer, 0, nullptr));
    clear_pending(timer_port);
    check("periodic.stopped", !wait_pending(timer_port, 20 * kMillisecond));
    period.period_ns = 1000;
    result("periodic.too_short", vcpu(VCPUOP_set_periodic_timer, 0, &period));
    period.period_ns = kMillisecond - 1;
    result("periodic.just_too_short", vcpu(VCPUOP_set_periodic_timer, 0, &period));
    period.period_ns = ~u64{0};
    result("periodic.too_long", vcpu(VCPUOP_set_periodic_timer, 0, &period));
    period.period_ns = u64{1} << 62;
    result("periodic.long", vcpu(VCPUOP_set_periodic_timer, 0, &period));
    result("periodic.fault", vcpu(VCPUOP_set_periodic_timer, 0, at<void>(kUnmapped)));
    result("periodic.other_vcpu", vcpu(VCPUOP_set_periodic_timer, 1, &period));
    vcpu(VCPUOP_stop_periodic_timer, 0, nullptr);
    vcpu(VCPUOP_stop_periodic_timer, 1, nullptr);
    clear_pending(timer_port);
}

void watchdog() {
    sched_watchdog dog = {0, 60};
    const long id = sched(SCHEDOP_watchdog, &dog);
    result("watchdog.new", id);
    dog = {static_cast<u32>(id), 60};
    result("watchdog.poke", sched(SCHEDOP_watchdog, &dog));
    dog = {0, 60};
    const long second = sched(SCHEDOP_watchdog, &dog);
    result("watchdog.second", second);
    result("watchdog.third", sched(SCHEDOP_watchdog, &dog));
    for (u32 number : {1u, 2u}) {
        dog = {number, 0};
        result(join("watchdog.stop.", number), sched(SCHEDOP_watchdog, &dog));
        result(join("watchdog.stop_again.", number), sched(SCHEDOP_watchdog, &dog));
    }
    dog = {3, 60};
    result("watchdog.bad_id", sched(SCHEDOP_watchdog, &dog));
    result("watchdog.fault", sched(SCHEDOP_watchdog, at<void>(kUnmapped)));
}

void others() {
    sched_remote_shutdown remote = {1, SHUTDOWN_poweroff};
    result("remote_shutdown.absent", sched(SCHEDOP_remote_shutdown, &remote));
    result("remote_shutdown.fault", sched(SCHEDOP_remote_shutdown, at<void>(kUnmapped)));
    sched_shutdown reason = {99};
    result("shutdown.fault", sched(SCHEDOP_shutdown, at<void>(kUnmapped)));
    result("shutdown_code.fault", sched(SCHEDOP_shutdown_code, at<void>(kUnmapped)));
    reason.reason = SHUTDOWN_reboot;
    result("shutdown_code", sched(SCHEDOP_shutdown_code, &reason));
    result("shutdown_code.again", sched(SCHEDOP_shutdown_code, &reason));
    sched_pin_override pin = {0};
    result("pin_override", sched(SCHEDOP_pin_override, &pin));
    pin.pcpu = 5000;
    result("pin_override.bad", sched(SCHEDOP_pin_override, &pin));
    pin.pcpu = -1;
    result("pin_override.drop", sched(SCHEDOP_pin_override, &pin));
    result("pin_override.drop_again", sched(SCHEDOP_pin_override, &pin));
    result("pin_override.fault", sched(SCHEDOP_pin_override, at<void>(kUnmapped)));
    for (u64 command : {8, 9, 99}) result(join("command.", command), sched(command, nullptr));
    result("command.minus1", sched(~u64{0}, nullptr));
    result("compat.yield", hypercall(6 /* sched_op_compat */, 0, 0));
    result("compat.unknown", hypercall(6, 7, 0));
}

} // namespace

void test_sched() {
    timer_port = static_cast<u32>(bind_virq(VIRQ_TIMER));
    vcpu(VCPUOP_stop_periodic_timer, 0, nullptr);
    simple();
    timer();
    block();
    polling();
    singleshot();
    periodic();
    watchdog();
    others();
    close_port(timer_port);
}
