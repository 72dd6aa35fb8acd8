// SPDX-License-Identifier: MIT
// vcpu_op, sched_op and CPU pools as their callers see them.
#include <public/event_channel.h>
#include <public/sched.h>
#include <public/vcpu.h>
#include <xen/cpupool.hpp>
#include <xen/event.hpp>
#include <xen/sched.hpp>
#include <xen/softirq.hpp>
#include <xen/vcpu_info.hpp>

#include <memory>

#include "control_calls.hpp"

using namespace xen;
using namespace xen::sim;

namespace {

template <class Op>
s64 vcpu_op(u32 cmd, u32 vcpu, Op& op) {
    return sim::hypercall(__HYPERVISOR_vcpu_op, cmd, vcpu, address(op));
}
s64 vcpu_op(u32 cmd, u32 vcpu) { return sim::hypercall(__HYPERVISOR_vcpu_op, cmd, vcpu, 0); }

template <class Op>
s64 sched_op(u32 cmd, Op& op) {
    return sim::hypercall(__HYPERVISOR_sched_op, cmd, address(op));
}

void forget_softirqs() { softirq::pending_mask.local().store(0, std::memory_order_relaxed); }

u32 open_port() {
    evtchn_alloc_unbound op{DOMID_SELF, DOMID_SELF, 0};
    REQUIRE(sim::hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, address(op)) == 0);
    return op.port;
}

}  // namespace

TEST_CASE("a vCPU comes up only with a context, and the last one that goes down ends the domain") {
    Toolstack t;
    On on{*t.guest.vcpus[0]};
    t.guest.vcpus[1]->initialised = false;
    CHECK(vcpu_op(VCPUOP_is_up, 7) == -ENOENT);
    CHECK(vcpu_op(VCPUOP_up, 1) == -EINVAL);
    t.guest.vcpus[1]->initialised = true;
    for (u32 n : {0u, 1u}) CHECK(vcpu_op(VCPUOP_up, n) == 0);
    CHECK(vcpu_op(VCPUOP_is_up, 1) == 1);
    CHECK(vcpu_op(VCPUOP_down, 1) == 0);
    CHECK(vcpu_op(VCPUOP_is_up, 1) == 0);
    CHECK_FALSE(t.guest.is_shutting_down);
    CHECK(vcpu_op(VCPUOP_down, 0) == 0);
    CHECK(t.guest.is_shutting_down);
    CHECK(t.guest.shutdown_code == SHUTDOWN_poweroff);
    CHECK(vcpu_op(99, 0) == -ENOSYS);
    auto context = std::make_unique<vcpu_guest_context>();
    CHECK(vcpu_op(VCPUOP_initialise, 1, *context) == -EEXIST);
    vcpu_info* info = std::exchange(t.guest.vcpus[1]->info, nullptr);
    CHECK(vcpu_op(VCPUOP_initialise, 1, *context) == -EINVAL);
    t.guest.vcpus[1]->info = info;
    forget_softirqs();
}

TEST_CASE("timers are set by their own vCPU, NMIs and places asked with nothing") {
    Toolstack t;
    On on{*t.guest.vcpus[0]};
    vcpu_set_singleshot_timer once{static_cast<u64>(time::now().raw()) + 1'000'000, 0};
    CHECK(vcpu_op(VCPUOP_set_singleshot_timer, 0, once) == 0);
    CHECK(vcpu_op(VCPUOP_set_singleshot_timer, 1, once) == -EINVAL);
    CHECK(vcpu_op(VCPUOP_stop_singleshot_timer, 0) == 0);
    CHECK(vcpu_op(VCPUOP_stop_singleshot_timer, 1) == -EINVAL);
    vcpu_set_periodic_timer period{10'000'000};
    CHECK(vcpu_op(VCPUOP_set_periodic_timer, 0, period) == 0);
    CHECK(vcpu_op(VCPUOP_stop_periodic_timer, 0) == 0);
    period.period_ns = 999'999;
    CHECK(vcpu_op(VCPUOP_set_periodic_timer, 0, period) == -EINVAL);
    CHECK(vcpu_op(VCPUOP_send_nmi, 1, period) == -EINVAL);
    CHECK(vcpu_op(VCPUOP_send_nmi, 1) == 0);
    CHECK(t.guest.vcpus[1]->arch.nmi_pending);
    vcpu_get_physid place{};
    CHECK(vcpu_op(VCPUOP_get_physid, 0, place) == -EINVAL);
    forget_softirqs();
}

TEST_CASE("the hardware domain's pinned vCPU has a place") {
    Toolstack t;
    vcpu_get_physid place{};
    CHECK(vcpu_op(VCPUOP_get_physid, 0, place) == -EINVAL);   // anywhere
    sched_pin_override pin{2};
    CHECK(sched_op(SCHEDOP_pin_override, pin) == 0);
    CHECK(vcpu_op(VCPUOP_get_physid, 0, place) == 0);
    xen_sysctl away = t.system(XEN_SYSCTL_cpupool_op);
    away.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_RMCPU, away.u.cpupool_op.cpu = 2;
    CHECK(t.run(away) == -EADDRINUSE);                        // the CPU stays where it is needed
    pin.pcpu = -1;
    CHECK(sched_op(SCHEDOP_pin_override, pin) == 0);
    pin.pcpu = 4000;
    CHECK(sched_op(SCHEDOP_pin_override, pin) == -EINVAL);
    arch::set_current_vcpu(t.guest.vcpus[0]);
    CHECK(sched_op(SCHEDOP_pin_override, pin) == -EPERM);
    arch::set_current_vcpu(t.control.vcpus[0]);
    forget_softirqs();
}

TEST_CASE("a poll ends at once when something is there, and blocks until its port or its time comes") {
    Toolstack t;
    On on{*t.guest.vcpus[0]};
    Vcpu& v = *t.guest.vcpus[0];
    evtchn_port_t ports[3] = {open_port(), open_port(), 4000};
    sched_poll poll{};
    poll.ports.p = ports;
    auto start_poll = [&](u32 n, u64 timeout = 0) {
        poll.nr_ports = n, poll.timeout = timeout;
        return sched_op(SCHEDOP_poll, poll);
    };
    v.info->evtchn_upcall_mask = 1;
    CHECK(start_poll(3) == -EINVAL);                          // a port that does not exist
    CHECK_FALSE(sched::is_polling(v));
    CHECK(start_poll(129) == -EINVAL);
    t.guest.shared->evtchn_pending[0] |= u64{1} << ports[1];
    CHECK(start_poll(2) == 0);
    CHECK_FALSE(sched::is_polling(v));
    t.guest.shared->evtchn_pending[0] = 0;
    v.info->evtchn_upcall_mask = 0, v.info->evtchn_upcall_pending = 1;
    CHECK(start_poll(1) == 0);                                // an event is due anyway
    CHECK_FALSE(sched::is_polling(v));
    v.info->evtchn_upcall_mask = 1, v.info->evtchn_upcall_pending = 0;
    // One port: others do not wake it.
    CHECK(start_poll(1, static_cast<u64>(time::now().raw()) + 1'000'000'000) == 0);
    CHECK(sched::is_polling(v));
    sched::wake_pollers(t.guest, Port{ports[1]});
    CHECK(sched::is_polling(v));
    sched::wake_pollers(t.guest, Port{ports[0]});
    CHECK_FALSE(sched::state_of(v).blocked);
    forget_softirqs();
    // Several: any of them.
    t.guest.shared->evtchn_pending[0] = 0;
    CHECK(start_poll(2) == 0);
    CHECK(sched::state_of(v).blocked);
    sched::wake_pollers(t.guest, Port{ports[1]});
    CHECK_FALSE(sched::state_of(v).blocked);
    sched::wake_poller(*t.guest.vcpus[1], Port{ports[1]});    // it polls nothing
    forget_softirqs();
}

TEST_CASE("a domain ends itself, or another's by right, and the code is latched once") {
    Toolstack t;
    {
        On on{*t.guest.vcpus[0]};
        sched_shutdown code{SHUTDOWN_suspend};
        CHECK(sched_op(SCHEDOP_shutdown_code, code) == 0);
        CHECK(t.guest.shutdown_code == SHUTDOWN_suspend);
        code.reason = SHUTDOWN_reboot;
        CHECK(sched_op(SCHEDOP_shutdown_code, code) == 0);
        CHECK(t.guest.shutdown_code == SHUTDOWN_suspend);
        sched_remote_shutdown other{t.control.id.raw(), SHUTDOWN_crash};
        CHECK(sched_op(SCHEDOP_remote_shutdown, other) == -EPERM);
        CHECK(sim::hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0) == 0);
        CHECK(sim::hypercall(__HYPERVISOR_sched_op, SCHEDOP_block, 0) == 0);
        CHECK(sim::hypercall(__HYPERVISOR_sched_op, 77, 0) == -ENOSYS);
        CHECK(sim::hypercall(__HYPERVISOR_sched_op_compat, SCHEDOP_yield, 0) == 0);
        CHECK(sim::hypercall(__HYPERVISOR_sched_op_compat, SCHEDOP_block, 0) == 0);
        CHECK(sim::hypercall(__HYPERVISOR_sched_op_compat, SCHEDOP_poll, 0) == -ENOSYS);
        forget_softirqs();
    }
    sched_remote_shutdown other{kNobody, SHUTDOWN_crash};
    CHECK(sched_op(SCHEDOP_remote_shutdown, other) == -ESRCH);
    other.domain_id = t.guest.id.raw();
    CHECK(sched_op(SCHEDOP_remote_shutdown, other) == 0);
    CHECK(t.guest.is_shutting_down);
    forget_softirqs();
}

TEST_CASE("the older shutdown call does the same") {
    Toolstack t;
    On on{*t.guest.vcpus[0]};
    CHECK(sim::hypercall(__HYPERVISOR_sched_op_compat, SCHEDOP_shutdown, SHUTDOWN_reboot) == 0);
    CHECK(t.guest.shutdown_code == SHUTDOWN_reboot);
    forget_softirqs();
}

TEST_CASE("pools take, give and keep CPUs by their rules") {
    Toolstack t;
    auto op = [&](u32 what, u32 id, u32 cpu = 0, u32 scheduler = 5) {
        xen_sysctl x = t.system(XEN_SYSCTL_cpupool_op);
        x.u.cpupool_op.op = what, x.u.cpupool_op.cpupool_id = id, x.u.cpupool_op.cpu = cpu, x.u.cpupool_op.sched_id = scheduler;
        x.u.cpupool_op.domid = t.guest.id.raw();
        s64 r = t.run(x);
        return r ? r : static_cast<s64>(x.u.cpupool_op.cpupool_id);
    };
    constexpr u32 kAny = XEN_SYSCTL_CPUPOOL_PAR_ANY;
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_CREATE, 0) == -EEXIST);
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_CREATE, 3, 0, 77) == -ENOENT);
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_CREATE, 3) == 3);
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_CREATE, 3) == -EEXIST);
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_CREATE, kAny) == 1);
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_CREATE, kAny) == 2);
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_CREATE, 9) == 9);
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_CREATE, 10) == -ENOSPC);   // as many as there are CPUs
    for (u32 id : {1u, 2u, 9u}) CHECK(op(XEN_SYSCTL_CPUPOOL_OP_DESTROY, id) == id);
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 77) == -ENOENT);
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 0) == -EBUSY);
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_INFO, 1) == 3);            // the next one
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_INFO, 4) == -ENOENT);
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 77, 1) == -ENOENT);
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 3, 1) == -ENODEV); // it is in pool 0
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 3, 60000) == -EINVAL);
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 3, kAny) == -ENODEV);
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 77, 1) == -ENOENT);
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 3, 1) == -EADDRNOTAVAIL);
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 0, 60000) == -EINVAL);
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 0, 200) == -EINVAL);
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 0, kAny) == 0);
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 3, kAny) == 3);
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 3) == -EBUSY);
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 3) == 3);
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 3, kAny) == -EBUSY);   // the last one of a pool with a domain
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 0) == 0);
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 3, kAny) == 3);
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 0, kAny) == 0);
    CHECK(op(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 3) == 3);
    CHECK(sched::free_cpus().empty());
    forget_softirqs();
}

TEST_CASE("weights and caps are asked of the scheduler that the pool has") {
    Toolstack t;
    xen_domctl op = t.about(XEN_DOMCTL_scheduler_op);
    auto& x = op.u.scheduler_op;
    auto ask = [&](u32 cmd, u32 scheduler, u16 weight = 0, u16 cap = 0) {
        x.sched_id = scheduler, x.cmd = cmd, x.u.credit.weight = weight, x.u.credit.cap = cap;
        return t.run(op);
    };
    CHECK(ask(XEN_DOMCTL_SCHEDOP_putinfo, XEN_SCHEDULER_CREDIT, 512, 50) == 0);
    CHECK(ask(XEN_DOMCTL_SCHEDOP_getinfo, XEN_SCHEDULER_CREDIT) == 0);
    CHECK((x.u.credit.weight == 512 && x.u.credit.cap == 50));
    CHECK(ask(XEN_DOMCTL_SCHEDOP_getinfo, XEN_SCHEDULER_RTDS) == -EINVAL);
    CHECK(ask(XEN_DOMCTL_SCHEDOP_getvcpuinfo, XEN_SCHEDULER_CREDIT) == -EINVAL);
    xen_sysctl sys = t.system(XEN_SYSCTL_scheduler_op);
    auto& y = sys.u.scheduler_op;
    auto all = [&](u32 cmd, u32 pool, u32 scheduler) {
        y.cmd = cmd, y.cpupool_id = pool, y.sched_id = scheduler;
        return t.run(sys);
    };
    CHECK(all(XEN_SYSCTL_SCHEDOP_getinfo, 0, XEN_SCHEDULER_CREDIT) == 0);
    CHECK(y.u.sched_credit.tslice_ms > 0);
    CHECK(all(XEN_SYSCTL_SCHEDOP_putinfo, 0, XEN_SCHEDULER_CREDIT) == 0);
    CHECK(all(XEN_SYSCTL_SCHEDOP_getinfo, 0, XEN_SCHEDULER_RTDS) == -EINVAL);
    CHECK(all(XEN_SYSCTL_SCHEDOP_getinfo, 70, XEN_SCHEDULER_CREDIT) == -ESRCH);
    CHECK(all(77, 0, XEN_SCHEDULER_CREDIT) == -EINVAL);
}
