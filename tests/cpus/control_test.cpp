// SPDX-License-Identifier: MIT
// What the toolstack sees and sets on 256 CPUs and four nodes: topology, CPU maps of any length, pools, trace buffers.
#include "machine.hpp"

#include <public/arch-x86/xen-mca.h>
#include <public/domctl.h>
#include <public/platform.h>
#include <public/sysctl.h>
#include <public/vcpu.h>
#include <xen/cpupool.hpp>
#include <xen/memory.hpp>
#include <xen/numa.hpp>
#include <xen/smp.hpp>
#include <xen/softirq.hpp>

#include <algorithm>
#include <memory>

#include "common/trace/buffers.hpp"
#include "common/trace/filter.hpp"

using namespace xen;

namespace {

constexpr u8 kUntouched = 0xa5;

xen_sysctl sysctl_op(u32 cmd) {
    xen_sysctl op{};
    op.cmd = cmd;
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return op;
}

s64 call(big::Control& c, xen_sysctl& op) { return c.call(__HYPERVISOR_sysctl, op); }

// A bitmap in the caller's memory, with bytes behind it that must stay.
struct Map {
    explicit Map(u32 n, u8 fill = 0) : bytes(64, kUntouched), bits{n} {
        for (u32 i = 0; i < (bits + 7) / 8; ++i) bytes[i] = fill;
    }
    xenctl_bitmap abi() {
        xenctl_bitmap m{};
        m.bitmap.p = bytes.data();
        m.nr_bits = bits;
        return m;
    }
    void set(u32 i) { bytes[i / 8] = static_cast<u8>(bytes[i / 8] | 1u << i % 8); }
    bool test(u32 i) const { return bytes[i / 8] >> i % 8 & 1; }
    u32 count() const {
        u32 n = 0;
        for (u32 i = 0; i < bits; ++i) n += test(i);
        return n;
    }
    bool rest_untouched() const {
        for (usize i = (bits + 7) / 8; i < bytes.size(); ++i)
            if (bytes[i] != kUntouched) return false;
        return true;
    }
    std::vector<u8> bytes;
    u32 bits;
};

s64 affinity(big::Control& c, Domain& d, u32 cmd, Map& hard) {
    auto op = std::make_unique<xen_domctl>();
    op->cmd = cmd;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = d.id.raw();
    op->u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD;
    op->u.vcpuaffinity.cpumap_hard = hard.abi();
    return c.call(__HYPERVISOR_domctl, *op);
}

s64 pool_op(big::Control& c, u32 what, u32 pool, u32 cpu, Map* map = nullptr) {
    xen_sysctl op = sysctl_op(XEN_SYSCTL_cpupool_op);
    op.u.cpupool_op.op = what;
    op.u.cpupool_op.cpupool_id = pool;
    op.u.cpupool_op.cpu = cpu;
    op.u.cpupool_op.sched_id = XEN_SCHEDULER_CREDIT;
    if (map) op.u.cpupool_op.cpumap = map->abi();
    s64 r = call(c, op);
    return r ? r : op.u.cpupool_op.cpupool_id;
}

}  // namespace

TEST_CASE("physinfo and cputopoinfo tell 256 CPUs on four sockets and nodes") {
    big::Control c;
    xen_sysctl phys = sysctl_op(XEN_SYSCTL_physinfo);
    REQUIRE(call(c, phys) == 0);
    CHECK(phys.u.physinfo.nr_cpus == 256);
    CHECK(phys.u.physinfo.max_cpu_id == 255);
    CHECK((phys.u.physinfo.nr_nodes == 4 && phys.u.physinfo.max_node_id == 3));
    CHECK(phys.u.physinfo.threads_per_core == 2);
    CHECK(phys.u.physinfo.cores_per_socket == 64);   // that ids have room for

    xen_sysctl size = sysctl_op(XEN_SYSCTL_cputopoinfo);
    REQUIRE(call(c, size) == 0);
    CHECK(size.u.cputopoinfo.num_cpus == 256);

    std::vector<xen_sysctl_cputopo> seen(300, {9999, 9999, 9999});
    xen_sysctl topo = sysctl_op(XEN_SYSCTL_cputopoinfo);
    topo.u.cputopoinfo.num_cpus = 300;
    topo.u.cputopoinfo.cputopo.p = seen.data();
    REQUIRE(call(c, topo) == 0);
    CHECK(topo.u.cputopoinfo.num_cpus == 256);
    for (u32 i = 0; i < 256; ++i) {
        INFO("CPU " << i);
        REQUIRE(seen[i].socket == i / 64);
        REQUIRE(seen[i].core == i % 64 / 2);
        REQUIRE(seen[i].node == i / 64);
    }
    CHECK(seen[256].socket == 9999);
}

TEST_CASE("cputopoinfo and getcpuinfo write no more than there is room for") {
    big::Control c;
    std::vector<xen_sysctl_cputopo> seen(300, {9999, 9999, 9999});
    xen_sysctl topo = sysctl_op(XEN_SYSCTL_cputopoinfo);
    topo.u.cputopoinfo.num_cpus = 200;
    topo.u.cputopoinfo.cputopo.p = seen.data();
    REQUIRE(call(c, topo) == 0);
    CHECK(topo.u.cputopoinfo.num_cpus == 200);
    CHECK((seen[199].socket == 3 && seen[200].socket == 9999));

    std::vector<xen_sysctl_cpuinfo> idle(300, xen_sysctl_cpuinfo{77});
    xen_sysctl info = sysctl_op(XEN_SYSCTL_getcpuinfo);
    info.u.getcpuinfo.max_cpus = 300;
    info.u.getcpuinfo.info.p = idle.data();
    REQUIRE(call(c, info) == 0);
    CHECK(info.u.getcpuinfo.nr_cpus == 256);
    CHECK((idle[255].idletime != 77 && idle[256].idletime == 77));
    std::fill(idle.begin(), idle.end(), xen_sysctl_cpuinfo{77});
    info.u.getcpuinfo.max_cpus = 100;
    REQUIRE(call(c, info) == 0);
    CHECK(info.u.getcpuinfo.nr_cpus == 100);
    CHECK((idle[99].idletime != 77 && idle[100].idletime == 77));
}

TEST_CASE("numainfo tells four nodes, their memory and distances, in an array of the caller's width") {
    big::Control c;
    for (u32 room : {8u, 4u, 3u}) {
        u32 n = room < 4 ? room : 4;
        std::vector<xen_sysctl_meminfo> memory(9, {1, 1});
        std::vector<u32> distance(81, 9999);
        xen_sysctl op = sysctl_op(XEN_SYSCTL_numainfo);
        op.u.numainfo.num_nodes = room;
        op.u.numainfo.meminfo.p = memory.data();
        op.u.numainfo.distance.p = distance.data();
        REQUIRE(call(c, op) == 0);
        REQUIRE(op.u.numainfo.num_nodes == n);
        for (u32 i = 0; i < n; ++i) {
            CHECK(memory[i].memsize == u64{big::kNodeMib} << 20);
            CHECK((memory[i].memfree <= memory[i].memsize && memory[i].memfree > 0));
            // Proximity domains 0, 2, 4, 6.
            for (u32 j = 0; j < n; ++j) CHECK(distance[i * n + j] == (i == j ? 10 : 20 + 2 * i + 2 * j));
        }
        CHECK(memory[n].memsize == 1);
        CHECK(distance[n * n] == 9999);
    }
}

TEST_CASE("memory of a node whose border lies within a block that could be is of that node") {
    big::start();
    for (u8 node = 0; node < big::kSockets; ++node) {
        for (u8 order : {u8{14}, u8{13}, u8{12}, u8{10}, u8{0}})   // 64 MiB and down; the borders are at multiples of 100 MiB
            if (auto p = memory::allocate_frames({.order = Order{order}, .node = node, .exact_node = true})) {
                u64 frames = u64{1} << order;
                CHECK(numa::node_of(p.value().mfn()).raw() == node);
                CHECK(numa::node_of(p.value().mfn() + (frames - 1)).raw() == node);
                memory::free_frames(p.value(), Order{order}, false);
            }
        u64 most = u64{big::kNodeMib} << (20 - kPageShift);
        CHECK(memory::free_pages_on(NodeId{node}) <= most);
    }
}

TEST_CASE("affinity maps reach CPU 255, and fit any length of the caller's") {
    big::Control c;
    Domain& d = sim::create_domain({});
    Map one(256);
    one.set(255);
    REQUIRE(affinity(c, d, XEN_DOMCTL_setvcpuaffinity, one) == 0);
    CHECK(sched::hard_affinity(*d.vcpus[0]) == mask_of(CpuId{255}));

    Map full(256), shorter(200, 0xff), longer(320, 0xff);
    REQUIRE(affinity(c, d, XEN_DOMCTL_getvcpuaffinity, full) == 0);
    CHECK((full.test(255) && full.count() == 1 && full.rest_untouched()));
    REQUIRE(affinity(c, d, XEN_DOMCTL_getvcpuaffinity, shorter) == 0);
    CHECK((shorter.count() == 0 && shorter.rest_untouched()));
    REQUIRE(affinity(c, d, XEN_DOMCTL_getvcpuaffinity, longer) == 0);
    CHECK((longer.test(255) && longer.count() == 1 && longer.rest_untouched()));

    // Bits of the last byte behind nr_bits are nobody's; CPUs that there are not do not count.
    Map odd(250, 0xff);
    REQUIRE(affinity(c, d, XEN_DOMCTL_setvcpuaffinity, odd) == 0);
    CHECK(sched::hard_affinity(*d.vcpus[0]).count() == 250);
    Map beyond(320);
    beyond.set(300);
    CHECK(affinity(c, d, XEN_DOMCTL_setvcpuaffinity, beyond) == -EINVAL);
    beyond.set(254);
    REQUIRE(affinity(c, d, XEN_DOMCTL_setvcpuaffinity, beyond) == 0);
    CHECK(sched::hard_affinity(*d.vcpus[0]) == mask_of(CpuId{254}));
    sim::destroy_domain(d);
}

TEST_CASE("half of 256 CPUs form a pool of their own, and go back") {
    big::Control c;
    s64 pool = pool_op(c, XEN_SYSCTL_CPUPOOL_OP_CREATE, XEN_SYSCTL_CPUPOOL_PAR_ANY, 0);
    REQUIRE(pool > 0);
    u32 id = static_cast<u32>(pool);
    for (u32 cpu = 128; cpu < 256; ++cpu) REQUIRE(pool_op(c, XEN_SYSCTL_CPUPOOL_OP_RMCPU, 0, cpu) == 0);
    Map free(256);
    REQUIRE(pool_op(c, XEN_SYSCTL_CPUPOOL_OP_FREEINFO, 0, 0, &free) == 0);
    CHECK((free.count() == 128 && free.test(128) && free.test(255) && !free.test(127)));
    REQUIRE(pool_op(c, XEN_SYSCTL_CPUPOOL_OP_ADDCPU, id, 255) == pool);
    while (pool_op(c, XEN_SYSCTL_CPUPOOL_OP_ADDCPU, id, XEN_SYSCTL_CPUPOOL_PAR_ANY) == pool) {
    }
    Map of_pool(256), of_first(130, 0xff);
    REQUIRE(pool_op(c, XEN_SYSCTL_CPUPOOL_OP_INFO, id, 0, &of_pool) == pool);
    CHECK((of_pool.count() == 128 && of_pool.test(255) && of_pool.rest_untouched()));
    REQUIRE(pool_op(c, XEN_SYSCTL_CPUPOOL_OP_INFO, 0, 0, &of_first) == 0);
    CHECK((of_first.count() == 128 && !of_first.test(128) && of_first.rest_untouched()));
    CHECK(pool_op(c, XEN_SYSCTL_CPUPOOL_OP_ADDCPU, id, 256) == -EINVAL);
    CHECK(pool_op(c, XEN_SYSCTL_CPUPOOL_OP_RMCPU, id, 256) == -EINVAL);
    for (u32 cpu = 128; cpu < 256; ++cpu) {
        REQUIRE(pool_op(c, XEN_SYSCTL_CPUPOOL_OP_RMCPU, id, cpu) == pool);
        REQUIRE(pool_op(c, XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 0, cpu) == 0);
    }
    CHECK(pool_op(c, XEN_SYSCTL_CPUPOOL_OP_DESTROY, id, 0) == pool);
}

TEST_CASE("platform operations and machine-check information know CPUs by number and APIC id") {
    big::Control c;
    xen_platform_op op{};
    op.cmd = XENPF_get_cpuinfo;
    op.interface_version = XENPF_INTERFACE_VERSION;
    op.u.pcpu_info.xen_cpuid = 255;
    REQUIRE(c.call(__HYPERVISOR_platform_op, op) == 0);
    CHECK((op.u.pcpu_info.apic_id == 447 && op.u.pcpu_info.acpi_id == 255 && op.u.pcpu_info.max_present == 255));
    CHECK(op.u.pcpu_info.flags == XEN_PCPU_FLAGS_ONLINE);
    op.u.pcpu_info.xen_cpuid = 256;
    REQUIRE(c.call(__HYPERVISOR_platform_op, op) == 0);
    CHECK(op.u.pcpu_info.flags == XEN_PCPU_FLAGS_INVALID);

    REQUIRE(smp::cpu_down(CpuId{7}).ok());   // numbers of CPUs that run are not dense
    std::vector<xen_mc_logical_cpu_t> cpus(256);
    xen_mc mc{};
    mc.cmd = XEN_MC_physcpuinfo;
    mc.interface_version = XEN_MCA_INTERFACE_VERSION;
    mc.u.mc_physcpuinfo.ncpus = 256;
    mc.u.mc_physcpuinfo.info.p = cpus.data();
    REQUIRE(c.call(__HYPERVISOR_mca, mc) == 0);
    CHECK(mc.u.mc_physcpuinfo.ncpus == 255);
    CHECK((cpus[6].mc_cpunr == 6 && cpus[7].mc_cpunr == 8 && cpus[7].mc_apicid == 8));
    CHECK((cpus[254].mc_cpunr == 255 && cpus[254].mc_apicid == 447));
    big::all_on();
}

TEST_CASE("a CPU is turned off and on by a platform operation, and told of either way") {
    big::Control c;
    auto run = [&](u32 cmd, u32 cpu) {
        xen_platform_op op{};
        op.cmd = cmd;
        op.interface_version = XENPF_INTERFACE_VERSION;
        op.u.cpu_ol.cpuid = cpu;
        return c.call(__HYPERVISOR_platform_op, op);
    };
    auto flags = [&](u32 cpu) {
        xen_platform_op op{};
        op.cmd = XENPF_get_cpuinfo;
        op.interface_version = XENPF_INTERFACE_VERSION;
        op.u.pcpu_info.xen_cpuid = cpu;
        REQUIRE(c.call(__HYPERVISOR_platform_op, op) == 0);
        return op.u.pcpu_info.flags;
    };
    CHECK(run(XENPF_cpu_offline, 9) == 0);
    CHECK_FALSE(cpu_online.test(9));
    CHECK(flags(9) == 0);
    CHECK(run(XENPF_cpu_offline, 9) == 0);   // it is
    CHECK(run(XENPF_cpu_online, 9) == 0);
    CHECK(cpu_online.test(9));
    CHECK(flags(9) == XEN_PCPU_FLAGS_ONLINE);
    CHECK(run(XENPF_cpu_online, 9) == 0);
    CHECK(run(XENPF_cpu_offline, 0) == -EOPNOTSUPP);
    CHECK(run(XENPF_cpu_online, 256) == -EINVAL);

    xen_platform_op op{};
    op.cmd = XENPF_get_cpu_version;
    op.interface_version = XENPF_INTERFACE_VERSION;
    op.u.pcpu_version.xen_cpuid = 255;
    REQUIRE(c.call(__HYPERVISOR_platform_op, op) == 0);
    CHECK((op.u.pcpu_version.max_present == 255 && op.u.pcpu_version.family != 0 && op.u.pcpu_version.vendor_id[0] != 0));
    op.u.pcpu_version.xen_cpuid = 256;
    REQUIRE(c.call(__HYPERVISOR_platform_op, op) == 0);
    CHECK((op.u.pcpu_version.family == 0 && op.u.pcpu_version.vendor_id[0] == 0));
}

TEST_CASE("second threads go off and come back in a call that yields at each") {
    big::Control c;
    auto switch_to = [&](u32 what) {
        xen_sysctl op = sysctl_op(XEN_SYSCTL_cpu_hotplug);
        op.u.cpu_hotplug.op = what;
        sim::load({__HYPERVISOR_sysctl, {sim::address(op)}});
        unsigned yields = 0;
        while (!sim::enter(true)) ++yields;
        softirq::pending_mask.local().store(0, std::memory_order_relaxed);
        CHECK(c.domain.vcpus[0]->arch.regs.rax == 0);
        return yields;
    };
    CHECK(switch_to(XEN_SYSCTL_CPU_HOTPLUG_SMT_DISABLE) == 128);
    CHECK(cpu_online.count() == 128);
    CHECK(switch_to(XEN_SYSCTL_CPU_HOTPLUG_SMT_DISABLE) == 0);
    CHECK(switch_to(XEN_SYSCTL_CPU_HOTPLUG_SMT_ENABLE) == 128);
    CHECK(cpu_online.count() == 256);
}

TEST_CASE("a vCPU learns the APIC id and ACPI id of the CPU that it is pinned to") {
    big::Control c;
    REQUIRE(sched::set_hard_affinity(*c.domain.vcpus[0], mask_of(CpuId{200})).ok());
    vcpu_get_physid id{};
    s64 r = sim::hypercall(__HYPERVISOR_vcpu_op, VCPUOP_get_physid, 0, sim::address(id));
    REQUIRE(r == 0);
    CHECK(id.phys_id == (u64{200} << 32 | big::apic_id(200)));
}

TEST_CASE("every one of 256 CPUs has a trace ring, and a set of CPUs is traced") {
    big::Control c;
    xen_sysctl op = sysctl_op(XEN_SYSCTL_tbuf_op);
    op.u.tbuf_op.cmd = XEN_SYSCTL_TBUFOP_set_size;
    op.u.tbuf_op.size = 2;
    REQUIRE(call(c, op) == 0);
    for (u32 cpu = 0; cpu < 256; ++cpu) REQUIRE(trace::ring_of(CpuId{cpu}));
    Map chosen(256);
    chosen.set(128);
    chosen.set(255);
    op = sysctl_op(XEN_SYSCTL_tbuf_op);
    op.u.tbuf_op.cmd = XEN_SYSCTL_TBUFOP_set_cpu_mask;
    op.u.tbuf_op.cpu_mask = chosen.abi();
    REQUIRE(call(c, op) == 0);
    CHECK((trace::cpu_traced(CpuId{255}) && trace::cpu_traced(CpuId{128}) && !trace::cpu_traced(CpuId{254})));
    Map all(256, 0xff);
    op.u.tbuf_op.cpu_mask = all.abi();
    REQUIRE(call(c, op) == 0);
    CHECK(trace::cpu_traced(CpuId{254}));
}
