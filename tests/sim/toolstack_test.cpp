// SPDX-License-Identifier: MIT
// domctl, sysctl and their neighbours as the toolstack sees them: what they tell, and what each refuses.
#include <public/arch-x86/xen-mca.h>
#include <public/hypfs.h>
#include <public/kexec.h>
#include <public/version.h>
#include <sim/state.hpp>
#include <xen/build_info.hpp>
#include <xen/control.hpp>
#include <xen/event.hpp>
#include <xen/grant.hpp>
#include <xen/irq.hpp>
#include <xen/numa.hpp>
#include <xen/rangeset.hpp>
#include <xen/sched.hpp>

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "control_calls.hpp"

using namespace xen;
using namespace xen::sim;

namespace {

// What boot starts for the toolstack: debug keys, options that may change.
void start_services() {
    static bool started = (sim::start(), event::init(), grant::init(), control::init(), true);
    REQUIRE(started);
}

}  // namespace

TEST_CASE("affinities: hard and soft ones apart, and never to no CPU") {
    Toolstack t;
    u64 hard = 0, soft = 0;
    xen_domctl op = t.about(XEN_DOMCTL_setvcpuaffinity);
    auto& x = op.u.vcpuaffinity;
    auto ask = [&](u32 cmd, u32 vcpu, u32 flags) {
        op.cmd = cmd, x.vcpu = vcpu, x.flags = flags;
        x.cpumap_hard.bitmap.p = reinterpret_cast<u8*>(&hard), x.cpumap_hard.nr_bits = 64;
        x.cpumap_soft.bitmap.p = reinterpret_cast<u8*>(&soft), x.cpumap_soft.nr_bits = 64;
        return t.run(op);
    };
    constexpr u32 kHard = XEN_VCPUAFFINITY_HARD, kSoft = XEN_VCPUAFFINITY_SOFT;
    hard = 0b0110, soft = 0b0011;
    CHECK(ask(XEN_DOMCTL_setvcpuaffinity, 1, kHard) == 0);
    CHECK(hard == 0b0110);
    CHECK(ask(XEN_DOMCTL_setvcpuaffinity, 1, kSoft) == 0);
    CHECK(soft == 0b0010);                                    // what both leave
    soft = 0;
    CHECK(ask(XEN_DOMCTL_getvcpuaffinity, 1, kSoft) == 0);
    CHECK(soft == 0b0011);
    hard = 0;
    CHECK(ask(XEN_DOMCTL_getvcpuaffinity, 1, kHard | kSoft) == 0);
    CHECK(hard == 0b0110);
    for (u32 cmd : {XEN_DOMCTL_getvcpuaffinity, XEN_DOMCTL_setvcpuaffinity}) {
        CHECK(ask(cmd, 1, 0) == -EINVAL);
        CHECK(ask(cmd, 9, kHard) == -EINVAL);
    }
    hard = 0xf0;
    CHECK(ask(XEN_DOMCTL_setvcpuaffinity, 1, kHard) == -EINVAL);
    u64 nodes = 0;
    op = t.about(XEN_DOMCTL_getnodeaffinity);
    op.u.nodeaffinity.nodemap.bitmap.p = reinterpret_cast<u8*>(&nodes), op.u.nodeaffinity.nodemap.nr_bits = 64;
    t.guest.node_affinity = {};
    CHECK(t.run(op) == 0);
    CHECK(nodes == (u64{1} << numa::node_count()) - 1);
    op.cmd = XEN_DOMCTL_setnodeaffinity;
    CHECK(t.run(op) == 0);
    nodes = 0;
    CHECK(t.run(op) == -EINVAL);
}

TEST_CASE("a vCPU's context is asked of others, and given") {
    Toolstack t;
    auto context = std::make_unique<vcpu_guest_context_t>();
    xen_domctl op = t.about(XEN_DOMCTL_getvcpucontext);
    auto ask = [&](u32 cmd, u16 domain, u32 vcpu, vcpu_guest_context_t* c) {
        op.cmd = cmd, op.domain = domain, op.u.vcpucontext.vcpu = vcpu, op.u.vcpucontext.ctxt.p = c;
        return t.run(op);
    };
    u16 guest = t.guest.id.raw(), self = t.control.id.raw();
    CHECK(ask(XEN_DOMCTL_getvcpucontext, guest, 1, context.get()) == 0);
    CHECK(ask(XEN_DOMCTL_getvcpucontext, self, 0, context.get()) == -EINVAL);
    CHECK(ask(XEN_DOMCTL_setvcpucontext, self, 0, context.get()) == -EINVAL);
    CHECK(ask(XEN_DOMCTL_getvcpucontext, guest, 9, context.get()) == -EINVAL);
    t.guest.vcpus[1]->initialised = false;
    CHECK(ask(XEN_DOMCTL_getvcpucontext, guest, 1, context.get()) == -ENODATA);
    context->user_regs.rip = u64{1} << 47;
    CHECK(ask(XEN_DOMCTL_setvcpucontext, guest, 1, context.get()) == -EINVAL);
    CHECK(ask(XEN_DOMCTL_setvcpucontext, guest, 1, nullptr) == 0);          // as it was at its creation
    CHECK_FALSE(t.guest.vcpus[1]->initialised);
    op = t.about(XEN_DOMCTL_getvcpuinfo);
    op.u.getvcpuinfo.vcpu = 0;
    CHECK(t.run(op) == 0);
    op.u.getvcpuinfo.vcpu = 9;
    CHECK(t.run(op) == -EINVAL);
}

TEST_CASE("what kind of table each frame is") {
    Toolstack t;
    Mfn pinned = give_page(t.guest), plain = give_page(t.guest);
    {
        On on{*t.guest.vcpus[0]};
        REQUIRE(mmuext(MMUEXT_PIN_L2_TABLE, pinned) == 0);
    }
    std::vector<xen_pfn_t> frames{pinned.raw(), plain.raw(), 3, ~u64{0}};
    xen_domctl op = t.about(XEN_DOMCTL_getpageframeinfo3);
    op.u.getpageframeinfo3.num = 4, op.u.getpageframeinfo3.array.p = frames.data();
    CHECK(t.run(op) == 0);
    CHECK(frames[0] == (XEN_DOMCTL_PFINFO_L2TAB | XEN_DOMCTL_PFINFO_LPINTAB));
    CHECK(frames[1] == XEN_DOMCTL_PFINFO_NOTAB);
    CHECK((frames[2] == XEN_DOMCTL_PFINFO_XTAB && frames[3] == XEN_DOMCTL_PFINFO_XTAB));
    op.u.getpageframeinfo3.num = 1025;
    CHECK(t.run(op) == -E2BIG);
}

TEST_CASE("triggers, sizes and clocks of a domain") {
    Toolstack t;
    xen_domctl op = t.about(XEN_DOMCTL_sendtrigger);
    auto trigger = [&](u32 what, u32 vcpu) {
        op.u.sendtrigger = {what, vcpu};
        return t.run(op);
    };
    CHECK(trigger(XEN_DOMCTL_SENDTRIGGER_NMI, 1) == 0);
    CHECK(t.guest.vcpus[1]->arch.nmi_pending);
    CHECK(trigger(XEN_DOMCTL_SENDTRIGGER_NMI, 9) == -ESRCH);
    CHECK(trigger(XEN_DOMCTL_SENDTRIGGER_POWER, 0) == -EINVAL);
    CHECK(trigger(XEN_DOMCTL_SENDTRIGGER_SLEEP, 0) == -EINVAL);
    CHECK(trigger(9, 0) == -ENOSYS);
    op = t.about(XEN_DOMCTL_set_address_size);
    op.u.address_size.size = 32;
    CHECK(t.run(op) == -EINVAL);
    op.u.address_size.size = 64;
    CHECK(t.run(op) == 0);
    op.cmd = XEN_DOMCTL_get_address_size, op.u.address_size.size = 0;
    CHECK(t.run(op) == 0);
    CHECK(op.u.address_size.size == 64);
    op = t.about(XEN_DOMCTL_gettscinfo);
    CHECK(t.run(op) == 0);
    op.cmd = XEN_DOMCTL_settscinfo, op.domain = t.control.id.raw();
    CHECK(t.run(op) == -EINVAL);
}

TEST_CASE("idle states and frequencies of a CPU") {
    Toolstack t;
    xen_sysctl op = t.system(XEN_SYSCTL_get_pmstat);
    auto& x = op.u.get_pmstat;
    auto ask = [&](u32 type, u32 cpu) {
        x.type = type, x.cpuid = cpu;
        return t.run(op);
    };
    CHECK(ask(PMSTAT_get_max_cx, 1) == 0);
    CHECK(x.u.getcx.nr == 2);
    u64 triggers[2] = {7, 7}, residencies[2] = {};
    x.u.getcx = {};
    x.u.getcx.nr = 2, x.u.getcx.triggers.p = triggers, x.u.getcx.residencies.p = residencies;
    CHECK(ask(PMSTAT_get_cxstat, 1) == 0);
    CHECK((triggers[0] == 0 && residencies[0] + residencies[1] > 0));
    x.u.getcx = {};
    x.u.getcx.nr = 100;
    CHECK(ask(PMSTAT_get_cxstat, 1) == 0);
    CHECK((x.u.getcx.nr == 2 && x.u.getcx.last == 1));
    CHECK(ask(PMSTAT_reset_cxstat, 1) == 0);
    for (u32 type : {PMSTAT_get_max_px, PMSTAT_get_pxstat, PMSTAT_reset_pxstat}) CHECK(ask(type, 1) == -ENODEV);
    CHECK(ask(0x30, 1) == -ENOSYS);
    CHECK(ask(PMSTAT_get_max_cx, 200) == -EINVAL);
    CHECK(ask(PMSTAT_get_max_cx, 60000) == -EINVAL);
    op = t.system(XEN_SYSCTL_pm_op);
    auto operate = [&](u32 cmd, u32 cpu) {
        op.u.pm_op.cmd = cmd, op.u.pm_op.cpuid = cpu;
        return t.run(op);
    };
    CHECK(operate(XEN_SYSCTL_pm_op_enable_turbo, 0) == -EACCES);
    CHECK(operate(XEN_SYSCTL_pm_op_disable_turbo, 0) == -EACCES);
    CHECK(operate(XEN_SYSCTL_pm_op_set_sched_opt_smt, 0) == 0);
    CHECK(operate(XEN_SYSCTL_pm_op_set_max_cstate, 2) == -EINVAL);
    CHECK(operate(XEN_SYSCTL_pm_op_get_max_cstate, 2) == -EINVAL);
    CHECK(operate(0x2f, 0) == -ENOSYS);
    CHECK(operate(0x20, 60000) == -EINVAL);
}

TEST_CASE("the machine's lists are cut to what there is and what there is room for") {
    Toolstack t;
    xen_sysctl op = t.system(XEN_SYSCTL_cputopoinfo);
    std::array<xen_sysctl_cputopo_t, 16> places{};
    CHECK(t.run(op) == 0);
    u32 cpus = op.u.cputopoinfo.num_cpus;
    CHECK(cpus == cpu_present.count());
    op.u.cputopoinfo.num_cpus = 16, op.u.cputopoinfo.cputopo.p = places.data();
    CHECK(t.run(op) == 0);
    CHECK(op.u.cputopoinfo.num_cpus == cpus);
    op.u.cputopoinfo.num_cpus = 1;
    CHECK(t.run(op) == 0);
    CHECK(op.u.cputopoinfo.num_cpus == 1);
    op = t.system(XEN_SYSCTL_numainfo);
    std::array<xen_sysctl_meminfo_t, 4> memory{};
    std::array<u32, 16> distances{};
    CHECK(t.run(op) == 0);
    CHECK(op.u.numainfo.num_nodes == numa::node_count());
    op.u.numainfo.num_nodes = 4, op.u.numainfo.meminfo.p = memory.data();
    CHECK(t.run(op) == 0);
    CHECK(op.u.numainfo.num_nodes == numa::node_count());
    op.u.numainfo.meminfo.p = nullptr, op.u.numainfo.distance.p = distances.data();
    CHECK(t.run(op) == 0);
    CHECK(distances[0] == 10);                                // of a node to itself
    op = t.system(XEN_SYSCTL_pcitopoinfo);
    physdev_pci_device_t device{0, 3, 8};
    u32 node = 0;
    op.u.pcitopoinfo.num_devs = 1, op.u.pcitopoinfo.devs.p = &device;
    CHECK(t.run(op) == -EINVAL);
    op.u.pcitopoinfo.nodes.p = &node;
    CHECK(t.run(op) == 0);
    CHECK(node == XEN_INVALID_DEV);
    op.u.pcitopoinfo.devs.p = nullptr;
    CHECK(t.run(op) == -EINVAL);
    op = t.system(XEN_SYSCTL_availheap);
    auto heap = [&](s32 on) {
        op.u.availheap.node = on;
        REQUIRE(t.run(op) == 0);
        return op.u.availheap.avail_bytes;
    };
    CHECK(heap(-1) == memory::free_pages() << kPageShift);
    CHECK(heap(0) == memory::free_pages_on(NodeId{0}) << kPageShift);
    CHECK(heap(77) == 0);
    op = t.system(XEN_SYSCTL_getcpuinfo);
    std::array<xen_sysctl_cpuinfo_t, 16> times{};
    op.u.getcpuinfo.max_cpus = 16, op.u.getcpuinfo.info.p = times.data();
    CHECK(t.run(op) == 0);
    CHECK(op.u.getcpuinfo.nr_cpus == cpus);
    op = t.system(XEN_SYSCTL_physinfo);
    CHECK(t.run(op) == 0);
    CHECK(op.u.physinfo.nr_cpus == cpu_online.count());
    CHECK(op.u.physinfo.free_pages == memory::free_pages());
}

TEST_CASE("live patches: there are none, and names must be names") {
    Toolstack t;
    char name[130] = "patch";
    xen_sysctl op = t.system(XEN_SYSCTL_livepatch_op);
    auto& x = op.u.livepatch;
    auto named = [&](u32 cmd, u16 size, u8 pad0 = 0, u8 pad1 = 0, u8 pad2 = 0) {
        x = {};
        x.cmd = cmd;
        xen_livepatch_name n{};
        n.name.p = name, n.size = size, n.pad[0] = pad0, n.pad[1] = pad1, n.pad[2] = pad2;
        if (cmd == XEN_SYSCTL_LIVEPATCH_UPLOAD) x.u.upload.name = n, x.u.upload.size = 100;
        else if (cmd == XEN_SYSCTL_LIVEPATCH_GET) x.u.get.name = n;
        else x.u.action.name = n;
        return t.run(op);
    };
    CHECK(named(XEN_SYSCTL_LIVEPATCH_GET, 6) == -ENOENT);
    CHECK(named(XEN_SYSCTL_LIVEPATCH_ACTION, 6) == -ENOENT);
    CHECK(named(XEN_SYSCTL_LIVEPATCH_UPLOAD, 6) == -EOPNOTSUPP);
    CHECK(named(XEN_SYSCTL_LIVEPATCH_GET, 5) == -EINVAL);     // no end
    CHECK(named(XEN_SYSCTL_LIVEPATCH_GET, 0) == -EINVAL);
    CHECK(named(XEN_SYSCTL_LIVEPATCH_GET, 129) == -EINVAL);
    CHECK(named(XEN_SYSCTL_LIVEPATCH_GET, 6, 1) == -EINVAL);
    CHECK(named(XEN_SYSCTL_LIVEPATCH_GET, 6, 0, 1) == -EINVAL);
    CHECK(named(XEN_SYSCTL_LIVEPATCH_GET, 6, 0, 0, 1) == -EINVAL);
    x.u.upload.size = 0, x.cmd = XEN_SYSCTL_LIVEPATCH_UPLOAD;
    x = {};
    x.cmd = XEN_SYSCTL_LIVEPATCH_UPLOAD;
    CHECK(t.run(op) == -EINVAL);                              // of no bytes
    x = {};
    x.cmd = XEN_SYSCTL_LIVEPATCH_LIST, x.u.list.nr = 10;
    CHECK(t.run(op) == 0);
    CHECK((x.u.list.nr == 0 && x.u.list.version == 1));
    x.u.list.nr = 1025;
    CHECK(t.run(op) == -E2BIG);
    x.u.list.nr = 1, x.u.list.pad = 1;
    CHECK(t.run(op) == -EINVAL);
    x = {};
    x.pad = 1;
    CHECK(t.run(op) == -EINVAL);
    x.pad = 0, x.cmd = 99;
    CHECK(t.run(op) == -EOPNOTSUPP);
}

TEST_CASE("the registers of cache monitoring, and the counter as system time") {
    Toolstack t;
    state().set_msr(0xc8d, 0);
    state().set_msr(0xc8e, 5);
    constexpr u32 kRead = XEN_RESOURCE_OP_MSR_READ, kWrite = XEN_RESOURCE_OP_MSR_WRITE;
    xenpf_resource_entry_t entries[4]{};
    xen_platform_op op = t.platform(XENPF_resource_op);
    auto run = [&](u32 n, u32 cpu = 1) {
        op.u.resource_op.nr_entries = n, op.u.resource_op.cpu = cpu, op.u.resource_op.entries.p = entries;
        return t.run(op);
    };
    auto entry = [&](unsigned i, u32 cmd, u64 msr, u64 value = 0) {
        entries[i] = {};
        entries[i].u.cmd = cmd, entries[i].idx = msr, entries[i].val = value;
    };
    entry(0, kWrite, 0xc8d, 3), entry(1, kRead, 0xc8e), entry(2, kRead, 0x10);
    CHECK(run(0) == 0);
    CHECK(run(3) == 3);
    CHECK(state().msr(0xc8d) == 3);
    CHECK((entries[1].val == 5 && entries[2].val > 0));
    CHECK(run(4) == -EINVAL);
    CHECK(run(3, 200) == -ENODEV);
    entry(0, kWrite, 0xc8d, 3), entry(1, kRead, 0xc8e), entry(2, kRead, 0x10);
    CHECK(run(3, 60000) == -ENODEV);
    auto refused = [&](u32 cmd, u64 msr, s32 why, u32 reserved = 0) {
        entry(0, kRead, 0x10), entry(1, cmd, msr);
        entries[1].rsvd = reserved;
        CHECK(run(2) == 1);                                   // so many are done
        CHECK(static_cast<s32>(entries[1].u.ret) == why);
    };
    refused(kRead, 0x1b, -EPERM);
    refused(7, 0x10, -EOPNOTSUPP);
    refused(kRead, u64{1} << 32, -EINVAL);
    refused(kRead, 0x10, -EINVAL, 1);
    refused(kWrite, 0x10, -EPERM);
    entry(0, kRead, 0x1b);
    CHECK(run(1) == 0);
    CHECK(static_cast<s32>(entries[0].u.ret) == -EPERM);
}

TEST_CASE("machine checks: the queue is empty") {
    Toolstack t;
    xen_mc op{};
    auto mca = [&](u32 cmd) {
        op.cmd = cmd, op.interface_version = XEN_MCA_INTERFACE_VERSION;
        return sim::hypercall(__HYPERVISOR_mca, address(op));
    };
    auto fetch = [&](u32 flags) {
        op.u.mc_fetch = {};
        op.u.mc_fetch.flags = flags;
        return mca(XEN_MC_fetch);
    };
    CHECK(fetch(XEN_MC_URGENT) == 0);
    CHECK(op.u.mc_fetch.flags == XEN_MC_NODATA);
    CHECK(fetch(XEN_MC_NONURGENT | XEN_MC_ACK) == 0);
    CHECK(op.u.mc_fetch.flags == XEN_MC_OK);
    CHECK(fetch(0) == -EINVAL);
    CHECK(fetch(XEN_MC_URGENT | XEN_MC_NONURGENT) == -EINVAL);
    CHECK(mca(XEN_MC_notifydomain) == -EINVAL);
    for (u32 cmd : {XEN_MC_msrinject, XEN_MC_mceinject, XEN_MC_inject_v2}) CHECK(mca(cmd) == -ENOSYS);
    CHECK(mca(99) == -EINVAL);
    op.interface_version = 1;
    CHECK(sim::hypercall(__HYPERVISOR_mca, address(op)) == -EACCES);
}

TEST_CASE("no kernel can be loaded for a crash") {
    Toolstack t;
    auto kexec = [](u32 cmd, auto& x) { return sim::hypercall(__HYPERVISOR_kexec_op, cmd, address(x)); };
    xen_kexec_exec run{};
    CHECK(kexec(KEXEC_CMD_kexec, run) == -ENOENT);
    run.type = 9;
    CHECK(kexec(KEXEC_CMD_kexec, run) == -EINVAL);
    xen_kexec_range range{};
    range.range = KEXEC_RANGE_MA_CRASH, range.size = 9;
    CHECK(kexec(KEXEC_CMD_kexec_get_range, range) == 0);
    CHECK(range.size == 0);
    range.range = KEXEC_RANGE_MA_XEN;
    CHECK(kexec(KEXEC_CMD_kexec_get_range, range) == -EINVAL);
    xen_kexec_load load{};
    CHECK(kexec(KEXEC_CMD_kexec_load, load) == -EINVAL);
    xen_kexec_load_v1 old{};
    CHECK(kexec(KEXEC_CMD_kexec_load_v1, old) == -EINVAL);
    CHECK(kexec(KEXEC_CMD_kexec_unload_v1, old) == 0);
    old.type = 9;
    CHECK(kexec(KEXEC_CMD_kexec_unload_v1, old) == -EINVAL);
    xen_kexec_unload unload{};
    unload.type = KEXEC_TYPE_CRASH;
    CHECK(kexec(KEXEC_CMD_kexec_unload, unload) == 0);
    unload.type = 9;
    CHECK(kexec(KEXEC_CMD_kexec_unload, unload) == -EINVAL);
    xen_kexec_status status{};
    CHECK(kexec(KEXEC_CMD_kexec_status, status) == 0);
    status.type = 9;
    CHECK(kexec(KEXEC_CMD_kexec_status, status) == -EINVAL);
    CHECK(kexec(99, status) == 0);
    arch::set_current_vcpu(t.guest.vcpus[0]);
    CHECK(kexec(KEXEC_CMD_kexec_status, status) == -EPERM);
    arch::set_current_vcpu(t.control.vcpus[0]);
}

TEST_CASE("hypfs: paths, rooms and values") {
    start_services();
    Toolstack t;
    std::vector<char> room(16384);
    auto hypfs = [&](u32 cmd, const std::string& path, u64 bytes, bool end = true) {
        return sim::hypercall(__HYPERVISOR_hypfs_op, cmd, reinterpret_cast<u64>(path.c_str()), path.size() + end, reinterpret_cast<u64>(room.data()),
                              bytes);
    };
    CHECK(sim::hypercall(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_get_version, 0, 0, 0, 0) == XEN_HYPFS_VERSION);
    for (unsigned i = 0; i < 4; ++i) {
        u64 a[4] = {};
        a[i] = 8;
        CHECK(sim::hypercall(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_get_version, a[0], a[1], a[2], a[3]) == -EINVAL);
    }
    CHECK(hypfs(XEN_HYPFS_OP_read, "/", room.size()) == 0);
    CHECK(hypfs(XEN_HYPFS_OP_read, "/params", 8) == -EINVAL);
    CHECK(hypfs(XEN_HYPFS_OP_read, "/params", 40) == -ENOBUFS);
    auto* entry = reinterpret_cast<xen_hypfs_direntry*>(room.data());
    CHECK((entry->type == XEN_HYPFS_TYPE_DIR && entry->content_len > 40));
    CHECK(hypfs(XEN_HYPFS_OP_read, "/buildinfo/config", room.size()) == 0);
    CHECK(entry->encoding == XEN_HYPFS_ENC_GZIP);
    auto* text = reinterpret_cast<u8*>(room.data()) + sizeof(*entry);
    CHECK((text[0] == 0x1f && text[1] == 0x8b && text[2] == 8));
    u32 stored = 0;
    std::memcpy(&stored, text + entry->content_len - 4, 4);   // RFC 1952: how long it is unpacked
    CHECK(stored < entry->content_len);
    CHECK(hypfs(XEN_HYPFS_OP_read, "/params", room.size(), false) == -EINVAL);
    CHECK(hypfs(XEN_HYPFS_OP_read, std::string("/par\0ams", 8), room.size()) == -EINVAL);
    CHECK(hypfs(XEN_HYPFS_OP_read, std::string(2000, 'x'), room.size()) == -EINVAL);
    CHECK(hypfs(XEN_HYPFS_OP_read, "/none", room.size()) == -ENOENT);
    CHECK(hypfs(XEN_HYPFS_OP_read, "params", room.size()) < 0);
    CHECK(hypfs(9, "/params", room.size()) == -EOPNOTSUPP);
    char path[] = "/params";
    CHECK(sim::hypercall(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_read, address(path), 0, 0, 0) == -EINVAL);
    CHECK(sim::hypercall(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_read, address(path), sizeof path, 0, 9) == -EINVAL);
    auto put = [&](const std::string& path_of, const std::string& value, u64 bytes) {
        std::memset(room.data(), 0, 100);
        std::memcpy(room.data(), value.data(), value.size());
        return hypfs(XEN_HYPFS_OP_write_contents, path_of, bytes);
    };
    CHECK(put("/buildinfo/config", "x", 2) == -EACCES);
    CHECK(put("/cpupool/0/sched-gran", "core", 2) == -EINVAL);           // no end
    CHECK(put("/cpupool/0/sched-gran", "x", 2) == -EINVAL);
    CHECK(put("/cpupool/0/sched-gran", "cpu", 5000) == -ENOSPC);
    // A pool with CPUs keeps what it has, and one without has nothing else either.
    xen_sysctl pool = t.system(XEN_SYSCTL_cpupool_op);
    pool.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_CREATE, pool.u.cpupool_op.cpupool_id = 7;
    pool.u.cpupool_op.sched_id = XEN_SCHEDULER_CREDIT;
    REQUIRE(t.run(pool) == 0);
    for (const char* what : {"core", "socket"}) {
        u64 bytes = std::strlen(what) + 1;
        CHECK(put("/cpupool/0/sched-gran", what, bytes) == -EBUSY);
        CHECK(put("/cpupool/7/sched-gran", what, bytes) == -EOPNOTSUPP);
        CHECK(put("/cpupool/6/sched-gran", what, bytes) == -ENOENT);
    }
    CHECK(put("/cpupool/7/sched-gran", "node", 5) == -EINVAL);
    CHECK(put("/cpupool/7/sched-gran", "cpu", 4) == 0);
    CHECK(hypfs(XEN_HYPFS_OP_read, "/cpupool/7/sched-gran", room.size()) == 0);
    CHECK(std::string{room.data() + sizeof(*entry)} == "cpu");
    pool.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_DESTROY;
    REQUIRE(t.run(pool) == 0);
    arch::set_current_vcpu(t.guest.vcpus[0]);
    CHECK(hypfs(XEN_HYPFS_OP_read, "/", room.size()) == -EPERM);
    arch::set_current_vcpu(t.control.vcpus[0]);
}

TEST_CASE("what the hypervisor says of itself, to whom") {
    Toolstack t;
    auto version = [](u32 cmd, auto& x) { return sim::hypercall(__HYPERVISOR_xen_version, cmd, address(x)); };
    xen_extraversion_t extra{};
    xen_compile_info compile{};
    xen_feature_info features{};
    xen_commandline_t line{};
    CHECK(version(XENVER_extraversion, extra) == 0);
    CHECK(std::string{extra} != "<denied>");
    CHECK(version(XENVER_compile_info, compile) == 0);
    CHECK(std::string{compile.compile_by} == "xenith");
    CHECK(version(XENVER_get_features, features) == 0);
    CHECK((features.submap >> 11 & 1));                      // XENFEAT_dom0
    features.submap_idx = 9;
    CHECK(version(XENVER_get_features, features) == -EINVAL);
    CHECK(sim::hypercall(__HYPERVISOR_xen_version, XENVER_pagesize, 0) == 4096);
    CHECK(sim::hypercall(__HYPERVISOR_xen_version, XENVER_pagesize, 8) == -EINVAL);
    CHECK(sim::hypercall(__HYPERVISOR_xen_version, 99, 0) == -ENOSYS);
    t.control.handle[3] = 0x42;
    xen_domain_handle_t handle{};
    CHECK(version(XENVER_guest_handle, handle) == 0);
    CHECK(handle[3] == 0x42);
    xen_platform_parameters where{};
    CHECK(version(XENVER_platform_parameters, where) == 0);
    CHECK(where.virt_start == arch::kXenStart);
    xen_capabilities_info_t capabilities{};
    CHECK(version(XENVER_capabilities, capabilities) == 0);
    CHECK(std::string{capabilities} == "xen-3.0-x86_64 ");
    arch::set_current_vcpu(t.guest.vcpus[0]);
    CHECK(version(XENVER_extraversion, extra) == 0);
    CHECK(std::string{extra} == "<denied>");
    CHECK(version(XENVER_commandline, line) == 0);
    CHECK(std::string{line} == "<denied>");
    CHECK(sim::hypercall(__HYPERVISOR_xen_version, XENVER_build_id, 0) == -EPERM);
    xen_feature_info own{};
    CHECK(version(XENVER_get_features, own) == 0);
    CHECK_FALSE((own.submap >> 11 & 1));
    CHECK(sim::hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_pae_extended_cr3) == 0);
    u32 before = own.submap;
    CHECK(version(XENVER_get_features, own) == 0);
    CHECK(own.submap != before);
    CHECK(sim::hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_disable, VMASST_TYPE_pae_extended_cr3) == 0);
    CHECK(sim::hypercall(__HYPERVISOR_vm_assist, 7, VMASST_TYPE_pae_extended_cr3) == -ENOSYS);
    CHECK(sim::hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_enable, 31) == -EINVAL);
    CHECK(sim::hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_enable, 64) == -EINVAL);
    arch::set_current_vcpu(t.control.vcpus[0]);
}

TEST_CASE("debug keys print what there is of domains, events and grants") {
    start_services();
    Toolstack t;
    {
        On on{*t.guest.vcpus[0]};
        evtchn_alloc_unbound unbound{DOMID_SELF, t.control.id.raw(), 0};
        REQUIRE(sim::hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, address(unbound)) == 0);
        evtchn_bind_virq virq{VIRQ_DEBUG, 0, 0};
        REQUIRE(sim::hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_virq, address(virq)) == 0);
        evtchn_bind_ipi ipi{1, 0};
        REQUIRE(sim::hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, address(ipi)) == 0);
        grant_table()[8] = {GTF_permit_access, t.guest.id.raw(), static_cast<u32>(give_page(t.guest).raw())};
        gnttab_map_grant_ref map{};
        map.ref = 8, map.dom = t.guest.id.raw(), map.flags = GNTMAP_device_map;
        REQUIRE(sim::hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, address(map), 1) == 0);
        REQUIRE(map.status == GNTST_okay);
    }
    REQUIRE(t.guest.io_ports->add(0x80, 0x80));
    for (u64 n = 0; n < 20; ++n) REQUIRE(t.guest.io_ports->add(0x100 + 4 * n, 0x101 + 4 * n));
    evtchn_bind_interdomain pair{t.guest.id.raw(), 1, 0};
    REQUIRE(sim::hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_interdomain, address(pair)) == 0);
    std::vector<char> log(1 << 17);
    auto read = [&](bool clear) {
        xen_sysctl op = t.system(XEN_SYSCTL_readconsole);
        op.u.readconsole.clear = clear, op.u.readconsole.buffer.p = log.data(), op.u.readconsole.count = static_cast<u32>(log.size());
        REQUIRE(t.run(op) == 0);
        return std::string{log.data(), op.u.readconsole.count};
    };
    auto press = [&](const char* keys) {
        (void)read(true);
        xen_sysctl op = t.system(XEN_SYSCTL_debug_keys);
        op.u.debug_keys.keys.p = const_cast<char*>(keys), op.u.debug_keys.nr_keys = static_cast<u32>(std::strlen(keys));
        REQUIRE(t.run(op) == 0);
        return read(false);
    };
    std::string guest = "d" + std::to_string(t.guest.id.raw()), control = "d" + std::to_string(t.control.id.raw());
    std::string events = press("e");
    CHECK(events.find(guest + " event channels, 2-level") != std::string::npos);
    CHECK(events.find("virq " + std::to_string(VIRQ_DEBUG)) != std::string::npos);
    CHECK(events.find("priority 7 ipi") != std::string::npos);
    CHECK(events.find(control + " port 1") != std::string::npos);
    std::string grants = press("g");
    CHECK(grants.find("used by " + guest) != std::string::npos);
    std::string domains = press("q");
    CHECK(domains.find("Domain " + std::to_string(t.guest.id.raw()) + ": alive") != std::string::npos);
    CHECK(domains.find("I/O ports: 80 100-101") != std::string::npos);
    CHECK(domains.find("and 9 more ranges") != std::string::npos);
    CHECK(domains.find(", control, hardware") != std::string::npos);
    CHECK(press("c").find("CPUs idle by HLT") != std::string::npos);
}
