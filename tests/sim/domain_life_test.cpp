// SPDX-License-Identifier: MIT
// The life of a domain as a control domain sees it: what it may be made with, while its vCPUs are not there yet, pauses that
// are counted, shutdown with somebody who waits for it, resumption and death.
#include <public/sched.h>
#include <sim/state.hpp>
#include <xen/event.hpp>
#include <xen/sched.hpp>
#include <xen/softirq.hpp>

#include "control_calls.hpp"
#include "event_calls.hpp"

using namespace xen;
using namespace xen::sim;

namespace {

xen_domctl make_op(u16 id) {
    xen_domctl op = Toolstack::about(XEN_DOMCTL_createdomain, id);
    auto& x = op.u.createdomain;
    x.max_vcpus = 2, x.max_evtchn_port = 1023, x.max_grant_frames = 32, x.max_maptrack_frames = 32, x.grant_opts = 2;
    return op;
}

u32 flags_of(u16 id) {
    xen_domctl op = Toolstack::about(XEN_DOMCTL_getdomaininfo, id);
    REQUIRE(Toolstack::run(op) == 0);
    REQUIRE(op.domain == id);
    return op.u.getdomaininfo.flags;
}

void forget_softirqs() {
    softirq::pending_mask.local().store(0, std::memory_order_relaxed);
}

s64 shut_down(Domain& d, u32 why) {
    On on{*d.vcpus[0]};
    sched_shutdown code{why};
    s64 r = sim::hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, address(code));
    forget_softirqs();
    return r;
}

}  // namespace

TEST_CASE("what no domain can be made with yet is refused") {
    Toolstack t;
    auto make = [](auto change) {
        xen_domctl op = make_op(0x6300);
        change(op.u.createdomain);
        return Toolstack::run(op);
    };
    CHECK(make([](auto& x) { x.flags = XEN_DOMCTL_CDF_iommu; }) == -EINVAL);
    CHECK(make([](auto& x) { x.flags = XEN_DOMCTL_CDF_iommu, x.iommu_opts = XEN_DOMCTL_IOMMU_no_sharept; }) == -EINVAL);
    CHECK(make([](auto& x) { x.flags = XEN_DOMCTL_CDF_vpmu; }) == -EINVAL);
    CHECK(make([](auto& x) { x.vmtrace_size = 4096; }) == -EINVAL);
    CHECK(make([](auto& x) { x.arch.emulation_flags = ~0u; }) == -EINVAL);
    CHECK(domain::peek(DomId{0x6300}) == nullptr);
    xen_domctl device = t.about(XEN_DOMCTL_test_assign_device, DOMID_INVALID);
    CHECK(t.run(device) == -EOPNOTSUPP);
    // The hypervisor's own callers, too.
    domain::CreateInfo info;
    info.id = DomId{0x6300};
    info.max_vcpus = 0;
    CHECK(domain::create(info).error() == Errno::inval);
    info.max_vcpus = kMaxVcpus + 1;
    CHECK(domain::create(info).error() == Errno::inval);
    CHECK(domain::create_vcpu(t.guest, VcpuId{2}).error() == Errno::inval);
    CHECK(domain::create_vcpu(t.guest, VcpuId{1}).error() == Errno::exist);
}

TEST_CASE("numbers that are in use are passed over") {
    Toolstack t;
    xen_domctl first = make_op(0), taken = make_op(0), second = make_op(0);
    REQUIRE(t.run(first) == 0);
    taken.domain = static_cast<u16>(first.domain + 1);
    bool free = !domain::peek(DomId{taken.domain});
    if (free) REQUIRE(t.run(taken) == 0);
    REQUIRE(t.run(second) == 0);
    CHECK((second.domain != first.domain && second.domain != taken.domain));
    destroy_domain(*domain::peek(DomId{first.domain}));
    if (free) destroy_domain(*domain::peek(DomId{taken.domain}));
    destroy_domain(*domain::peek(DomId{second.domain}));
}

TEST_CASE("a domain whose vCPUs are not made yet") {
    Toolstack t;
    xen_domctl op = make_op(0);
    op.u.createdomain.flags = XEN_DOMCTL_CDF_xs_domain;
    REQUIRE(t.run(op) == 0);
    u16 id = op.domain;
    Domain& d = *domain::peek(DomId{id});
    CHECK((flags_of(id) & (XEN_DOMINF_xs_domain | XEN_DOMINF_paused)) == (XEN_DOMINF_xs_domain | XEN_DOMINF_paused));
    CHECK(t.plain(XEN_DOMCTL_getvcpuinfo, id) == -ESRCH);
    CHECK(t.plain(XEN_DOMCTL_get_ext_vcpucontext, id) == -ESRCH);
    CHECK(t.plain(XEN_DOMCTL_getvcpuextstate, id) == -ESRCH);
    op = t.about(XEN_DOMCTL_sendtrigger, id);
    op.u.sendtrigger = {XEN_DOMCTL_SENDTRIGGER_NMI, 0};
    CHECK(t.run(op) == -ESRCH);
    op = t.about(XEN_DOMCTL_shadow_op, id);
    op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY;
    CHECK(t.run(op) == -EINVAL);
    // A handler of the machine's interrupts that nobody could hear.
    op = t.about(XEN_DOMCTL_set_virq_handler, id);
    op.u.set_virq_handler.virq = VIRQ_CONSOLE;
    REQUIRE(t.run(op) == 0);
    event::send_host_virq(VIRQ_CONSOLE);
    // It is moved to another pool as it is.
    xen_sysctl pool = t.system(XEN_SYSCTL_cpupool_op);
    auto& x = pool.u.cpupool_op;
    auto ask = [&](u32 what, u32 which, u32 cpu = 3) {
        x.op = what, x.cpupool_id = which, x.cpu = cpu, x.sched_id = XEN_SCHEDULER_CREDIT, x.domid = id;
        return t.run(pool);
    };
    REQUIRE(ask(XEN_SYSCTL_CPUPOOL_OP_CREATE, 5) == 0);
    CHECK(ask(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 5) == -ENOENT);   // no CPUs
    REQUIRE(ask(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 0) == 0);
    REQUIRE(ask(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 5) == 0);
    CHECK(ask(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 5) == 0);
    CHECK(ask(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 5) == -EBUSY);
    op = t.about(XEN_DOMCTL_max_vcpus, id);
    op.u.max_vcpus.max = 2;
    CHECK(t.run(op) == 0);
    CHECK(sched::state_of(*d.vcpus[1]).cpu == 3);
    CHECK(ask(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 0) == 0);
    CHECK(ask(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 5) == 0);
    CHECK(ask(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 0) == 0);
    CHECK(ask(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 5) == 0);
    // Who dies handles nothing; the handler's death ends what it had.
    t.guest.dying.store(Dying::dying);
    op = t.about(XEN_DOMCTL_set_virq_handler);
    op.u.set_virq_handler.virq = VIRQ_CONSOLE;
    CHECK(t.run(op) == -EINVAL);
    t.guest.dying.store(Dying::alive);
    destroy_domain(d);
    CHECK(domain::peek(DomId{id}) == nullptr);
    event::send_host_virq(VIRQ_CONSOLE);
    forget_softirqs();
}

TEST_CASE("a controller's pauses are counted, up to a limit") {
    Toolstack t;
    u16 id = t.guest.id.raw();
    REQUIRE(t.guest.controller_pauses == 1);                  // from its creation
    for (unsigned n = 1; n < 255; ++n) REQUIRE(t.plain(XEN_DOMCTL_pausedomain) == 0);
    CHECK(t.plain(XEN_DOMCTL_pausedomain) == -EOVERFLOW);
    for (unsigned n = 255; n > 0; --n) {
        CHECK((flags_of(id) & XEN_DOMINF_paused));
        REQUIRE(t.plain(XEN_DOMCTL_unpausedomain) == 0);
    }
    CHECK_FALSE((flags_of(id) & XEN_DOMINF_paused));
    CHECK(t.plain(XEN_DOMCTL_unpausedomain) == -EINVAL);
    CHECK(t.plain(XEN_DOMCTL_pausedomain) == 0);
    CHECK((flags_of(id) & XEN_DOMINF_paused));
    forget_softirqs();
}

TEST_CASE("who subscribed hears of a suspension, and a resumed domain is as before") {
    Toolstack t;
    u32 theirs = 0, ours = 0;
    run_as(t.guest);
    REQUIRE(alloc_unbound(t.control.id.raw(), theirs) == 0);
    run_as(t.control);
    REQUIRE(bind_interdomain(t.guest.id.raw(), theirs, ours) == 0);
    t.control.shared->evtchn_pending[0] = 0;
    xen_domctl op = t.about(XEN_DOMCTL_subscribe);
    op.u.subscribe.port = theirs;
    REQUIRE(t.run(op) == 0);
    u16 id = t.guest.id.raw();
    auto reason = [&] { return flags_of(id) >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask; };
    CHECK(shut_down(t.guest, SHUTDOWN_suspend) == 0);
    CHECK((flags_of(id) & XEN_DOMINF_shutdown));
    CHECK(reason() == SHUTDOWN_suspend);
    CHECK((t.control.shared->evtchn_pending[0] >> ours & 1));
    t.control.shared->evtchn_pending[0] = 0;
    CHECK(t.plain(XEN_DOMCTL_resumedomain) == 0);
    CHECK_FALSE((flags_of(id) & XEN_DOMINF_shutdown));
    CHECK(t.guest.shutdown_code == -1);
    CHECK(t.plain(XEN_DOMCTL_resumedomain) == 0);             // again: nothing to resume
    // Only a suspension is waited for; what came first stays the reason.
    CHECK(shut_down(t.guest, SHUTDOWN_poweroff) == 0);
    CHECK_FALSE((t.control.shared->evtchn_pending[0] >> ours & 1));
    domain::crash(t.guest, "too late");
    CHECK(reason() == SHUTDOWN_poweroff);
    forget_softirqs();
}

namespace {
unsigned host_reason = ~0u;
}

TEST_CASE("the hardware domain's shutdown is the host's") {
    Toolstack t;
    domain::set_hardware_shutdown([](unsigned reason) { host_reason = reason; });
    CHECK(shut_down(t.guest, SHUTDOWN_reboot) == 0);
    CHECK(host_reason == ~0u);
    CHECK(shut_down(t.control, SHUTDOWN_reboot) == 0);
    CHECK(host_reason == SHUTDOWN_reboot);
    domain::set_hardware_shutdown(nullptr);
}

TEST_CASE("a dead domain that somebody still refers to is told as dying") {
    Toolstack t;
    Domain& d = create_domain();
    u16 id = d.id.raw();
    DomainRef held = domain::ref(d);
    CHECK_FALSE((flags_of(id) & XEN_DOMINF_dying));
    while (!domain::kill(d)) {
    }
    CHECK((flags_of(id) & XEN_DOMINF_dying));
    held.reset();
    destroy_domain(create_domain());                          // so that grace periods pass
    CHECK(domain::peek(DomId{id}) == nullptr);
}
