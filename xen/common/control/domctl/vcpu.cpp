// SPDX-License-Identifier: MIT
#include <xen/arch_control.hpp>
#include <xen/cpupool.hpp>
#include <xen/numa.hpp>
#include <xen/refusal.hpp>
#include <xen/sched.hpp>

#include "common/control/bitmap_copy.hpp"
#include "common/control/domctl/domctl.hpp"

namespace xen::control::domctls {
namespace {

Result<Vcpu&> vcpu_of(Domain& d, u32 id, Errno absent) {
    if (id >= d.max_vcpus) return refuse(Errno::inval, "vcpu is %u, the domain was created for %u", id, d.max_vcpus);
    Vcpu* v = d.vcpus[id];
    if (!v) return refuse(absent, "vCPU %u was not made yet", id);
    return *v;
}

}  // namespace

Status vcpu_info(Domain& d, xen_domctl_getvcpuinfo& x) {
    Vcpu& v = TRY(vcpu_of(d, x.vcpu, Errno::srch));
    sched::VcpuState s = sched::state_of(v);
    x.online = s.online;
    x.blocked = s.blocked;
    x.running = s.running;
    x.cpu_time = s.cpu_time;
    x.cpu = s.cpu;
    return {};
}

Status get_affinity(Domain& d, xen_domctl_vcpuaffinity& x) {
    if (!x.flags) return refuse(Errno::inval, "flags is 0: neither hard nor soft affinity");
    Vcpu& v = TRY(vcpu_of(d, x.vcpu, Errno::srch));
    if (x.flags & XEN_VCPUAFFINITY_HARD) TRY(copy_bitmap_out(x.cpumap_hard, sched::hard_affinity(v)));
    if (x.flags & XEN_VCPUAFFINITY_SOFT) TRY(copy_bitmap_out(x.cpumap_soft, sched::soft_affinity(v)));
    return {};
}

Status set_affinity(Domain& d, xen_domctl_vcpuaffinity& x) {
    if (!x.flags) return refuse(Errno::inval, "flags is 0: neither hard nor soft affinity");
    Vcpu& v = TRY(vcpu_of(d, x.vcpu, Errno::srch));
    CpuMask online = sched::pool_cpus(d);
    if (x.flags & XEN_VCPUAFFINITY_HARD) {
        CpuMask wanted = TRY(copy_bitmap_in<kMaxCpus>(x.cpumap_hard));
        if ((wanted & online).empty()) return refuse(Errno::inval, "cpumap_hard has no CPU of the domain's pool");
        TRY(sched::set_hard_affinity(v, wanted));
        TRY(copy_bitmap_out(x.cpumap_hard, wanted & online));  // what it comes to
    }
    if (x.flags & XEN_VCPUAFFINITY_SOFT) {
        CpuMask wanted = TRY(copy_bitmap_in<kMaxCpus>(x.cpumap_soft));
        TRY(sched::set_soft_affinity(v, wanted));
        TRY(copy_bitmap_out(x.cpumap_soft, wanted & online & sched::hard_affinity(v)));
    }
    return {};
}

Status get_node_affinity(Domain& d, xen_domctl_nodeaffinity& x) {
    if (d.node_affinity.empty())
        for (unsigned n = 0; n < numa::node_count(); ++n) d.node_affinity.set(n);
    return copy_bitmap_out(x.nodemap, d.node_affinity);
}

Status set_node_affinity(Domain& d, xen_domctl_nodeaffinity& x) {
    auto nodes = TRY(copy_bitmap_in<numa::kMaxNodes>(x.nodemap));
    if (nodes.next() >= numa::node_count()) return refuse(Errno::inval, "nodemap has none of the %u nodes", numa::node_count());
    d.node_affinity = nodes;
    return {};
}

Status get_context(Domain& d, const xen_domctl_vcpucontext& x) {
    TRY(not_itself(d));
    Vcpu& v = TRY(vcpu_of(d, x.vcpu, Errno::srch));
    if (!v.initialised) return refuse(Errno::nodata, "vCPU %u has no context yet", x.vcpu);
    sched::pause(v);
    Status s = arch::get_vcpu_context(v, reinterpret_cast<u64>(x.ctxt.p));
    sched::unpause(v);
    return s;
}

Status set_context(Domain& d, const xen_domctl_vcpucontext& x) {
    TRY(not_itself(d));
    Vcpu& v = TRY(vcpu_of(d, x.vcpu, Errno::inval));
    bool reset = !x.ctxt.p;
    domain::pause(d);
    Status s = reset ? arch::reset_vcpu(v) : arch::set_vcpu_context(v, reinterpret_cast<u64>(x.ctxt.p));
    domain::unpause(d);
    return s;
}

}  // namespace xen::control::domctls
