// SPDX-License-Identifier: MIT
#include <xen/arch_control.hpp>
#include <xen/config/grant_table.hpp>
#include <xen/hypercall.hpp>
#include <xen/memory.hpp>
#include <xen/numa.hpp>
#include <xen/platform.hpp>
#include <xen/refusal.hpp>
#include <xen/sched.hpp>

#include "common/control/physdev/physdev.hpp"
#include "common/control/sysctl/sysctl.hpp"

namespace xen::control::sysctls {
namespace {

u32 last_cpu() {
    u32 last = 0;
    for (usize cpu : cpu_present) last = static_cast<u32>(cpu);
    return last;
}

}  // namespace

Status physinfo(xen_sysctl_physinfo& x) {
    x = {};
    x.threads_per_core = arch::threads_per_core();
    x.cores_per_socket = arch::cores_per_socket();
    x.nr_cpus = static_cast<u32>(cpu_online.count());
    x.max_cpu_id = last_cpu();
    x.nr_nodes = numa::node_count();
    x.max_node_id = numa::node_count() - 1;
    x.cpu_khz = arch::cpu_khz();
    x.total_pages = memory::total_pages();
    x.free_pages = memory::free_pages();
    x.scrub_pages = memory::scrub_pending();
    x.outstanding_pages = memory::claimed_pages();
    x.max_mfn = max_frame.raw() - 1;
    if constexpr (config::grant_table) x.capabilities = XEN_SYSCTL_PHYSCAP_gnttab_v1 | XEN_SYSCTL_PHYSCAP_gnttab_v2;
    arch::describe_machine(x);
    return {};
}

Status topology(xen_sysctl_cputopoinfo& x) {
    u32 n = last_cpu() + 1;
    if (!x.cputopo.p) {
        x.num_cpus = n;
        return {};
    }
    if (x.num_cpus > n) x.num_cpus = n;
    for (u32 i = 0; i < x.num_cpus; ++i) {
        xen_sysctl_cputopo t{XEN_INVALID_CORE_ID, XEN_INVALID_SOCKET_ID, XEN_INVALID_NODE_ID};
        if (cpu_present.test(i)) {
            arch::Topology place = arch::topology_of(CpuId{i});
            t.core = place.core;
            t.socket = place.socket;
            t.node = numa::node_of(CpuId{i}).raw();
        }
        TRY(guest_out(x.cputopo).copy_out(t, i));
    }
    return {};
}

// The firmware's word on where devices sit is not asked for: a device that is known is on no known node.
Status device_nodes(xen_sysctl_pcitopoinfo& x) {
    if (!x.devs.p || !x.nodes.p) return refuse(Errno::inval, "%s is a null handle", x.devs.p ? "nodes" : "devs");
    u32 n = 0;
    for (bool due = false; n < x.num_devs && !due; due = n % 64 == 0 && hypercall::preempt_due()) {
        auto d = TRY(guest_in(x.devs).copy_in(n));
        u32 node = physdev::is_known({d.seg, d.bus, d.devfn}) ? XEN_INVALID_NODE_ID : XEN_INVALID_DEV;
        TRY(guest_out(x.nodes).copy_out(node, n));
        ++n;
    }
    x.num_devs = n;  // the caller comes back for the rest
    return {};
}

namespace {

Status distances(const xen_sysctl_numainfo& x, u32 from, u32 room) {
    if (!x.distance.p) return {};
    for (u32 to = 0; to < room; ++to) {
        u32 d = numa::distance(NodeId{static_cast<u8>(from)}, NodeId{static_cast<u8>(to)});
        TRY(guest_out(x.distance).copy_out(d, from * room + to));
    }
    return {};
}

}  // namespace

Status numa(xen_sysctl_numainfo& x) {
    u32 n = numa::node_count();
    if (!x.meminfo.p && !x.distance.p) {
        x.num_nodes = n;
        return {};
    }
    if (x.num_nodes > n) x.num_nodes = n;
    for (u32 i = 0; i < x.num_nodes; ++i) {
        NodeId node{static_cast<u8>(i)};
        xen_sysctl_meminfo m{numa::span_of(node) << kPageShift, memory::free_pages_on(node) << kPageShift};
        if (x.meminfo.p) TRY(guest_out(x.meminfo).copy_out(m, i));
        TRY(distances(x, i, x.num_nodes));
    }
    return {};
}

Status free_heap(xen_sysctl_availheap& x) {
    u64 pages = x.node < 0 ? memory::free_pages()
                : static_cast<u32>(x.node) < numa::node_count() ? memory::free_pages_on(NodeId{static_cast<u8>(x.node)})
                                                                : 0;
    x.avail_bytes = pages << kPageShift;
    return {};
}

Status cpu_times(xen_sysctl_getcpuinfo& x) {
    u32 n = last_cpu() + 1;
    if (x.max_cpus < n) n = x.max_cpus;
    for (u32 i = 0; i < n; ++i) {
        xen_sysctl_cpuinfo info{};
        if (cpu_online.test(i)) info.idletime = static_cast<u64>(sched::idle_time_of(CpuId{i}).raw());
        TRY(guest_out(x.info).copy_out(info, i));
    }
    x.nr_cpus = n;
    return {};
}

}  // namespace xen::control::sysctls
