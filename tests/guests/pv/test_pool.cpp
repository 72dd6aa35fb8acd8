// SPDX-License-Identifier: MIT
// CPU pools, the scheduler's parameters, affinities: of the machine and of a domain that never ran.
#include "control.hpp"
#include "test.hpp"

namespace {

constexpr domid_t kGuest = 600;
u8 bits[16];

xen_sysctl_cpupool_op& pool(u32 operation, u32 id) {
    auto& p = make_sys(XEN_SYSCTL_cpupool_op).u.cpupool_op;
    p.op = operation;
    p.cpupool_id = id;
    return p;
}

void info(u32 which) {
    auto& p = pool(XEN_SYSCTL_CPUPOOL_OP_INFO, which);
    p.cpumap.nr_bits = 8;
    set_handle(p.cpumap.bitmap, bits);
    const long rc = call_sys();
    result(join("info.", which), rc);
    if (rc) return;
    value(join("info.", which, ".id"), p.cpupool_id);
    value(join("info.", which, ".scheduler"), p.sched_id);
    value(join("info.", which, ".cpu_0"), bits[0] & 1);
}

// There may be as many besides the first as there are processors: here one at a time.
void pools() {
    pool(XEN_SYSCTL_CPUPOOL_OP_CREATE, XEN_SYSCTL_CPUPOOL_PAR_ANY).sched_id = 99;
    result("create.unknown_scheduler", call_sys());
    pool(XEN_SYSCTL_CPUPOOL_OP_CREATE, 40).sched_id = XEN_SCHEDULER_CREDIT;
    result("create.numbered", call_sys());
    value("create.numbered.id", sys.u.cpupool_op.cpupool_id);
    for (u32 which : {0u, 39u, 40u, 41u}) info(which);
    result("destroy.numbered", (pool(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 40), call_sys()));
    pool(XEN_SYSCTL_CPUPOOL_OP_CREATE, 0).sched_id = XEN_SCHEDULER_CREDIT;
    result("create.first_again", call_sys());
    pool(XEN_SYSCTL_CPUPOOL_OP_CREATE, XEN_SYSCTL_CPUPOOL_PAR_ANY).sched_id = XEN_SCHEDULER_CREDIT;
    result("create", call_sys());
    const u32 id = sys.u.cpupool_op.cpupool_id;
    value("create.id", id);
    info(id);
    set_handle(pool(XEN_SYSCTL_CPUPOOL_OP_INFO, 0).cpumap.bitmap, kUnmapped);
    sys.u.cpupool_op.cpumap.nr_bits = 8;
    result("info.fault", call_sys());
    for (u32 cpu : {0u, 4u, 5000u, XEN_SYSCTL_CPUPOOL_PAR_ANY}) {
        pool(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, id).cpu = cpu;
        result(join("add.", cpu), call_sys());
        pool(XEN_SYSCTL_CPUPOOL_OP_RMCPU, id).cpu = cpu;
        result(join("remove.", cpu), call_sys());
    }
    for (domid_t domain : {domid_t{0}, kGuest, domid_t{999}, domid_t{DOMID_SELF}, domid_t{DOMID_IO}})
        for (u32 to : {id, 0u, 77u}) {
            pool(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, to).domid = domain;
            result(join(join("move.", domain, ".to."), to), call_sys());
        }
    result("destroy.with_nothing", (pool(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 0), call_sys()));
    result("destroy", (pool(XEN_SYSCTL_CPUPOOL_OP_DESTROY, id), call_sys()));
    result("destroy.again", (pool(XEN_SYSCTL_CPUPOOL_OP_DESTROY, id), call_sys()));
}

void parameters() {
    for (u32 slice : {0u, 1u, 30u, 1000u, 1001u})
        for (u32 rate : {0u, 1u, 100u, 1000u, 500000u, 500001u}) {
            auto& s = make_sys(XEN_SYSCTL_scheduler_op).u.scheduler_op;
            s.sched_id = XEN_SCHEDULER_CREDIT;
            s.cmd = XEN_SYSCTL_SCHEDOP_putinfo;
            s.u.sched_credit.tslice_ms = slice;
            s.u.sched_credit.ratelimit_us = rate;
            result(join(join("credit.", slice, "."), rate), call_sys());
            value(join(join("credit.", slice, "."), rate, ".slice"), s.u.sched_credit.tslice_ms);
        }
    auto& s = make_sys(XEN_SYSCTL_scheduler_op).u.scheduler_op;
    s.sched_id = XEN_SCHEDULER_CREDIT;
    s.cmd = XEN_SYSCTL_SCHEDOP_putinfo;
    s.u.sched_credit.tslice_ms = 30;
    s.u.sched_credit.ratelimit_us = 1000;
    result("credit.back", call_sys());
    for (u32 command : {2u, 99u})
        result(join("credit.command.", command), (make_sys(XEN_SYSCTL_scheduler_op).u.scheduler_op = {0, XEN_SCHEDULER_CREDIT, command, {}}, call_sys()));
    make_sys(XEN_SYSCTL_scheduler_op).u.scheduler_op.cpupool_id = 77;
    result("credit.pool", call_sys());
}

void weights() {
    for (u32 weight : {0u, 1u, 256u, 65535u})
        for (u32 cap : {0u, 50u, 100u, 101u, 200u, 201u, 65535u}) {
            auto& s = make_dom(XEN_DOMCTL_scheduler_op, kGuest).u.scheduler_op;
            s.sched_id = XEN_SCHEDULER_CREDIT;
            s.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
            s.u.credit.weight = static_cast<u16>(weight);
            s.u.credit.cap = static_cast<u16>(cap);
            result(join(join("weight.", weight, "."), cap), call_dom());
            s.cmd = XEN_DOMCTL_SCHEDOP_getinfo;
            call_dom();
            value(join(join("weight.", weight, "."), cap, ".weight"), s.u.credit.weight);
            value(join(join("weight.", weight, "."), cap, ".cap"), s.u.credit.cap);
        }
    for (u32 scheduler : {0u, u32{XEN_SCHEDULER_CREDIT2}, u32{XEN_SCHEDULER_RTDS}, 99u})
        for (u32 command = 0; command < 5; ++command) {
            auto& s = make_dom(XEN_DOMCTL_scheduler_op, kGuest).u.scheduler_op;
            s.sched_id = scheduler;
            s.cmd = command;
            result(join(join("scheduler.", scheduler, "."), command), call_dom());
        }
    for (u32 command = 2; command < 6; ++command) {
        auto& s = make_dom(XEN_DOMCTL_scheduler_op, kGuest).u.scheduler_op;
        s.sched_id = XEN_SCHEDULER_CREDIT;
        s.cmd = command;
        result(join("scheduler.credit.", command), call_dom());
    }
}

void affinities() {
    for (u32 vcpu : {0u, 1u, 2u})
        for (u32 kind : {0u, u32{XEN_VCPUAFFINITY_HARD}, u32{XEN_VCPUAFFINITY_SOFT}, 3u, u32{XEN_VCPUAFFINITY_FORCE}, 7u, 8u})
            for (u8 mask : {u8{0}, u8{1}, u8{0x80}, u8{0xff}}) {
                memset(bits, mask, sizeof(bits));
                auto& a = make_dom(XEN_DOMCTL_setvcpuaffinity, kGuest).u.vcpuaffinity;
                a.vcpu = vcpu;
                a.flags = kind;
                a.cpumap_hard.nr_bits = a.cpumap_soft.nr_bits = 8;
                set_handle(a.cpumap_hard.bitmap, bits);
                set_handle(a.cpumap_soft.bitmap, bits + 8);
                const char* at = join(join("affinity.", vcpu, "."), kind, join(".", mask));
                result(at, call_dom());
                value(join(at, ".hard"), bits[0] & 0x81);
                value(join(at, ".soft"), bits[8] & 0x81);
            }
    auto& a = make_dom(XEN_DOMCTL_setvcpuaffinity, kGuest).u.vcpuaffinity;
    a.flags = XEN_VCPUAFFINITY_HARD;
    a.cpumap_hard.nr_bits = 8;
    set_handle(a.cpumap_hard.bitmap, kUnmapped);
    result("affinity.fault", call_dom());
    for (u8 mask : {u8{0}, u8{1}, u8{2}, u8{0xff}}) {
        memset(bits, mask, sizeof(bits));
        auto& n = make_dom(XEN_DOMCTL_setnodeaffinity, kGuest).u.nodeaffinity;
        n.nodemap.nr_bits = 8;
        set_handle(n.nodemap.bitmap, bits);
        result(join("nodes.set.", mask), call_dom());
        n.nodemap.nr_bits = 8;
        make_dom(XEN_DOMCTL_getnodeaffinity, kGuest);
        n.nodemap.nr_bits = 8;
        set_handle(n.nodemap.bitmap, bits);
        result(join("nodes.get.", mask), call_dom());
        value(join("nodes.get.", mask, ".nodes"), bits[0]);
    }
}

} // namespace

void test_pool() {
    result("domain", create_domain(kGuest));
    pools();
    parameters();
    weights();
    affinities();
    result("domain.destroy", call_dom(XEN_DOMCTL_destroydomain, kGuest));
}
