// SPDX-License-Identifier: MIT
// sysctl and domctl: interface versions, what the domain may know about itself, absent domains.
#include "control.hpp"
#include "test.hpp"

namespace {

void versions() {
    make_sys(XEN_SYSCTL_sched_id).interface_version += 1;
    result("sysctl.version.newer", call_sys());
    make_sys(XEN_SYSCTL_sched_id).interface_version = 0;
    result("sysctl.version.zero", call_sys());
    make_dom(XEN_DOMCTL_getdomaininfo, 0).interface_version += 1;
    result("domctl.version.newer", call_dom());
    make_dom(XEN_DOMCTL_getdomaininfo, 0).interface_version = 0;
    result("domctl.version.zero", call_dom());
    for (const WildPointer& wild : wild_pointers) {
        result(join("sysctl.", wild.name), hypercall(__HYPERVISOR_sysctl, wild.where));
        result(join("domctl.", wild.name), hypercall(__HYPERVISOR_domctl, wild.where));
    }
    for (u32 command : {0u, 13u, 30u, 31u, 99u, ~0u})
        result(join("sysctl.command.", command), call_sys(command));
    for (u32 command : {0u, 6u, 7u, 8u, 20000u, ~0u})
        result(join("domctl.command.", command), call_dom(command, 0));
}

void machine() {
    result("physinfo", call_sys(XEN_SYSCTL_physinfo));
    const xen_sysctl_physinfo& p = sys.u.physinfo;
    check("physinfo.cpus", p.nr_cpus >= 1 && p.nr_cpus <= p.max_cpu_id + 1);
    check("physinfo.nodes", p.nr_nodes >= 1);
    check("physinfo.pages", p.total_pages > p.free_pages && p.free_pages > 0);
    value("physinfo.pv", p.capabilities & XEN_SYSCTL_PHYSCAP_pv);
    value("physinfo.gnttab",
          p.capabilities & (XEN_SYSCTL_PHYSCAP_gnttab_v1 | XEN_SYSCTL_PHYSCAP_gnttab_v2));
    result("sched_id", call_sys(XEN_SYSCTL_sched_id));
    value("sched_id.id", sys.u.sched_id.sched_id);
    make_sys(XEN_SYSCTL_availheap).u.availheap.node = -1;
    result("availheap", call_sys());
    check("availheap.bytes", sys.u.availheap.avail_bytes > 0);
    make_sys(XEN_SYSCTL_availheap).u.availheap.node = 5000;
    result("availheap.node_5000", call_sys());
    xen_sysctl_cputopo topology[8];
    auto& t = make_sys(XEN_SYSCTL_cputopoinfo).u.cputopoinfo;
    result("cputopo.size", call_sys());
    check("cputopo.size.count", t.num_cpus >= 1);
    t.num_cpus = 1;
    set_handle(t.cputopo, topology);
    result("cputopo", call_sys());
    value("cputopo.node", topology[0].node);
    auto& n = make_sys(XEN_SYSCTL_numainfo).u.numainfo;
    result("numainfo.size", call_sys());
    check("numainfo.size.count", n.num_nodes >= 1);
    xen_sysctl_meminfo memory[4];
    n.num_nodes = 1;
    set_handle(n.meminfo, memory);
    result("numainfo", call_sys());
    check("numainfo.memory", memory[0].memsize > 0);
    xen_sysctl_cpuinfo cpus[8];
    auto& c = make_sys(XEN_SYSCTL_getcpuinfo).u.getcpuinfo;
    c.max_cpus = 8;
    set_handle(c.info, cpus);
    result("getcpuinfo", call_sys());
    check("getcpuinfo.count", c.nr_cpus >= 1);
}

void texts() {
    char buffer[16];
    auto& r = make_sys(XEN_SYSCTL_readconsole).u.readconsole;
    r.count = sizeof(buffer);
    set_handle(r.buffer, buffer);
    result("readconsole", call_sys());
    value("readconsole.count", r.count);
    r.incremental = 1;
    result("readconsole.incremental", call_sys());
    set_handle(r.buffer, kUnmapped);
    result("readconsole.fault", call_sys());
    result("debug_keys.none", call_sys(XEN_SYSCTL_debug_keys));
    make_sys(XEN_SYSCTL_debug_keys).u.debug_keys.nr_keys = 1;
    set_handle(sys.u.debug_keys.keys, kUnmapped);
    result("debug_keys.fault", call_sys());
    result("tbuf_info", call_sys(XEN_SYSCTL_tbuf_op));
    make_sys(XEN_SYSCTL_tbuf_op).u.tbuf_op.cmd = 99;
    result("tbuf_unknown", call_sys());
}

void pools() {
    u8 map[1] = {};
    auto& p = make_sys(XEN_SYSCTL_cpupool_op).u.cpupool_op;
    p.op = XEN_SYSCTL_CPUPOOL_OP_INFO;
    p.cpumap.nr_bits = 8;
    set_handle(p.cpumap.bitmap, map);
    result("cpupool.info", call_sys());
    value("cpupool.info.id", p.cpupool_id);
    value("cpupool.info.sched", p.sched_id);
    value("cpupool.info.domains", p.n_dom);
    value("cpupool.info.cpu0", map[0] & 1);
    p.cpupool_id = 1;
    p.op = XEN_SYSCTL_CPUPOOL_OP_INFO;
    result("cpupool.info.beyond", call_sys());
    for (u32 operation : {XEN_SYSCTL_CPUPOOL_OP_DESTROY, XEN_SYSCTL_CPUPOOL_OP_ADDCPU,
                          XEN_SYSCTL_CPUPOOL_OP_RMCPU, XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 8, 0}) {
        auto& q = make_sys(XEN_SYSCTL_cpupool_op).u.cpupool_op;
        q.op = operation;
        q.cpupool_id = 77;
        q.cpu = 5000;
        q.domid = 1;
        result(join("cpupool.absent.", operation), call_sys());
    }
    auto& f = make_sys(XEN_SYSCTL_cpupool_op).u.cpupool_op;
    f.op = XEN_SYSCTL_CPUPOOL_OP_FREEINFO;
    f.cpumap.nr_bits = 8;
    set_handle(f.cpumap.bitmap, map);
    result("cpupool.free", call_sys());
    auto& s = make_sys(XEN_SYSCTL_scheduler_op).u.scheduler_op;
    s.sched_id = XEN_SCHEDULER_CREDIT;
    s.cmd = XEN_SYSCTL_SCHEDOP_getinfo;
    result("credit.get", call_sys());
    value("credit.timeslice", s.u.sched_credit.tslice_ms);
    value("credit.ratelimit", s.u.sched_credit.ratelimit_us);
    s.cmd = XEN_SYSCTL_SCHEDOP_putinfo;
    s.u.sched_credit.tslice_ms = 5000;
    result("credit.put_bad", call_sys());
    make_sys(XEN_SYSCTL_scheduler_op).u.scheduler_op.sched_id = XEN_SCHEDULER_RTDS;
    result("scheduler.other", call_sys());
}

void left_out() {
    result("perfc", call_sys(XEN_SYSCTL_perfc_op));
    result("lockprof", call_sys(XEN_SYSCTL_lockprof_op));
    result("coverage", call_sys(XEN_SYSCTL_coverage_op));
    make_sys(XEN_SYSCTL_cpu_hotplug).u.cpu_hotplug.cpu = 5000;
    result("hotplug.5000", call_sys());
    make_sys(XEN_SYSCTL_cpu_hotplug).u.cpu_hotplug.op = XEN_SYSCTL_CPU_HOTPLUG_OFFLINE;
    result("hotplug.offline_0", call_sys());
    make_sys(XEN_SYSCTL_cpu_hotplug).u.cpu_hotplug.op = 99;
    result("hotplug.unknown", call_sys());
    make_sys(XEN_SYSCTL_page_offline_op).u.page_offline.start = 8;
    sys.u.page_offline.end = 4;
    result("page_offline.backwards", call_sys());
    result("levelling_caps", call_sys(XEN_SYSCTL_get_cpu_levelling_caps));
    for (u32 set = 0; set < 8; ++set) {
        make_sys(XEN_SYSCTL_get_cpu_featureset).u.cpu_featureset.index = set;
        result(join("featureset.", set), call_sys());
        value(join("featureset.", set, ".words"), sys.u.cpu_featureset.nr_features != 0);
    }
    make_sys(XEN_SYSCTL_pm_op).u.pm_op.cpuid = 5000;
    result("pm_op.5000", call_sys());
    make_sys(XEN_SYSCTL_get_pmstat).u.get_pmstat.cpuid = 5000;
    result("pmstat.5000", call_sys());
}

void list() {
    xen_domctl_getdomaininfo info[4];
    auto& g = make_sys(XEN_SYSCTL_getdomaininfolist).u.getdomaininfolist;
    g.max_domains = 4;
    set_handle(g.buffer, info);
    result("list", call_sys());
    value("list.count", g.num_domains);
    value("list.first", info[0].domain);
    g.first_domain = 1;
    g.max_domains = 4;
    result("list.after", call_sys());
    value("list.after.count", g.num_domains);
    g.first_domain = 0;
    set_handle(g.buffer, kUnmapped);
    result("list.fault", call_sys());
}

void self() {
    result("getdomaininfo", call_dom(XEN_DOMCTL_getdomaininfo, 0));
    const auto& d = dom.u.getdomaininfo;
    value("getdomaininfo.domain", d.domain);
    value("getdomaininfo.flags", d.flags & ~(XEN_DOMINF_running | XEN_DOMINF_blocked));
    value("getdomaininfo.max_vcpu", d.max_vcpu_id);
    value("getdomaininfo.online", d.nr_online_vcpus);
    check("getdomaininfo.pages", d.tot_pages == boot_info->nr_pages && d.max_pages >= d.tot_pages);
    value("getdomaininfo.cpupool", d.cpupool);
    result("getdomaininfo.domid_self", call_dom(XEN_DOMCTL_getdomaininfo, DOMID_SELF));
    result("getdomaininfo.absent", call_dom(XEN_DOMCTL_getdomaininfo, 1));
    for (u32 vcpu : {0u, 1u, 2u, ~0u}) {
        make_dom(XEN_DOMCTL_getvcpuinfo, 0).u.getvcpuinfo.vcpu = vcpu;
        result(join("getvcpuinfo.", vcpu), call_dom());
    }
    make_dom(XEN_DOMCTL_getvcpuinfo, 0);
    call_dom();
    value("getvcpuinfo.running", dom.u.getvcpuinfo.running);
    value("getvcpuinfo.online", dom.u.getvcpuinfo.online);
    result("get_address_size", call_dom(XEN_DOMCTL_get_address_size, 0));
    value("get_address_size.bits", dom.u.address_size.size);
    make_dom(XEN_DOMCTL_scheduler_op, 0).u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT;
    dom.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_getinfo;
    result("credit", call_dom());
    value("credit.weight", dom.u.scheduler_op.u.credit.weight);
    value("credit.cap", dom.u.scheduler_op.u.credit.cap);
    u8 hard[1] = {};
    auto& a = make_dom(XEN_DOMCTL_getvcpuaffinity, 0).u.vcpuaffinity;
    a.flags = XEN_VCPUAFFINITY_HARD;
    a.cpumap_hard.nr_bits = 8;
    set_handle(a.cpumap_hard.bitmap, hard);
    result("affinity", call_dom());
    value("affinity.cpu0", hard[0] & 1);
    make_dom(XEN_DOMCTL_getvcpuaffinity, 0).u.vcpuaffinity.vcpu = 2;
    result("affinity.absent_vcpu", call_dom());
    // What a domain must not do to itself.
    for (u32 command : {XEN_DOMCTL_pausedomain, XEN_DOMCTL_unpausedomain, XEN_DOMCTL_destroydomain,
                        XEN_DOMCTL_setvcpucontext, XEN_DOMCTL_getvcpucontext,
                        XEN_DOMCTL_resumedomain, XEN_DOMCTL_soft_reset})
        result(join("to_itself.", command), call_dom(command, 0));
}

// Every operation on a domain that does not exist.
void absent() {
    for (u32 command = 2; command < 90; ++command)
        result(join("absent.", command), call_dom(command, 1000));
    for (u32 command : {1000u, 1001u, 1002u, 1003u})
        result(join("absent.", command), call_dom(command, 1000));
    result("create.empty", call_dom(XEN_DOMCTL_createdomain, 1000));
    result("create.own_id", call_dom(XEN_DOMCTL_createdomain, 0));
    result("create.reserved_id", call_dom(XEN_DOMCTL_createdomain, DOMID_XEN));
}

} // namespace

void test_control() {
    versions();
    machine();
    texts();
    pools();
    left_out();
    list();
    self();
    absent();
}
