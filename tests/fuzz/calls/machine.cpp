// SPDX-License-Identifier: MIT
// The machine's owner: sysctl, platform_op, physdev_op, hypfs_op, and calls that this build has little behind. What ends or
// stops the simulated machine is left out: sleep states, CPUs off line, keys that act.
#include <public/arch-x86/xen-mca.h>
#include <public/hvm/hvm_op.h>
#include <public/hypfs.h>
#include <public/kexec.h>
#include <public/physdev.h>
#include <public/platform.h>
#include <public/sysctl.h>

#include "world.hpp"

namespace xen::fuzz {
namespace {

xen_sysctl* make(Caller& c, u32 cmd) {
    auto* op = c.make<xen_sysctl>();
    op->cmd = cmd;
    op->interface_version = c.in.one_in(64) ? c.in.take<u32>() : XEN_SYSCTL_INTERFACE_VERSION;
    return op;
}
void sysctl(Caller& c, xen_sysctl* op) { c.call(__HYPERVISOR_sysctl, c.pointer(op)); }

xen_platform_op* platform(Caller& c, u32 cmd) {
    auto* op = c.make<xen_platform_op>();
    op->cmd = cmd;
    op->interface_version = c.in.one_in(64) ? c.in.take<u32>() : XENPF_INTERFACE_VERSION;
    return op;
}
void platform_op(Caller& c, xen_platform_op* op) { c.call(__HYPERVISOR_platform_op, c.pointer(op)); }

template <class Op>
void physdev(Caller& c, u32 cmd, Op* op) {
    c.call(__HYPERVISOR_physdev_op, cmd, c.pointer(op));
}

void fill_bitmap(Caller& c, xenctl_bitmap& b) {
    b.bitmap.p = c.pointer(c.noisy<u8>(64));
    b.nr_bits = c.in.one_in(8) ? c.in.take<u16>() : c.in.below(70);
}

void trace_buffers(Caller& c) {
    auto* op = make(c, XEN_SYSCTL_tbuf_op);
    auto& x = op->u.tbuf_op;
    x.cmd = c.in.below(7);
    x.evt_mask = c.in.below(2) ? ~0u : c.in.take<u32>();
    x.size = c.in.one_in(8) ? c.in.take<u32>() : c.in.below(4);
    fill_bitmap(c, x.cpu_mask);
    sysctl(c, op);
}

void keys(Caller& c) {
    constexpr char kDumps[] = "dlsMizregcQqtaHmun0h?+-Gw";
    auto* op = make(c, XEN_SYSCTL_debug_keys);
    auto* text = c.make<char>(4);
    unsigned n = c.in.below(3);
    for (unsigned i = 0; i < n; ++i) text[i] = kDumps[c.in.below(sizeof(kDumps) - 1)];
    op->u.debug_keys.keys.p = c.pointer(text);
    op->u.debug_keys.nr_keys = n;
    sysctl(c, op);
}

void pools(Caller& c) {
    auto* op = make(c, XEN_SYSCTL_cpupool_op);
    auto& x = op->u.cpupool_op;
    x.op = c.in.below(9);
    x.cpupool_id = c.in.one_in(8) ? ~0u : c.in.below(4);
    x.sched_id = c.in.one_in(8) ? c.in.below(12) : 5;
    x.domid = c.dom();
    x.cpu = c.in.one_in(8) ? ~0u : c.cpu();
    if (x.op == XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN) x.domid = c.other();
    fill_bitmap(c, x.cpumap);
    sysctl(c, op);
}

void power(Caller& c) {
    if (c.in.below(2)) {
        auto* op = make(c, XEN_SYSCTL_get_pmstat);
        auto& x = op->u.get_pmstat;
        constexpr u32 kTypes[] = {PMSTAT_get_max_px, PMSTAT_get_pxstat, PMSTAT_reset_pxstat, PMSTAT_get_max_cx, PMSTAT_get_cxstat,
                                  PMSTAT_reset_cxstat, 0x30};
        x.type = c.in.of(kTypes);
        x.cpuid = c.cpu();
        x.u.getcx.nr = c.in.below(4);
        x.u.getcx.nr_pc = x.u.getcx.nr_cc = c.in.below(4);
        for (auto* h : {&x.u.getcx.triggers, &x.u.getcx.residencies, &x.u.getcx.pc, &x.u.getcx.cc}) h->p = c.pointer(c.make<u64>(4));
        return sysctl(c, op);
    }
    auto* op = make(c, XEN_SYSCTL_pm_op);
    op->u.pm_op.cmd = c.in.below(2) ? 0x10 + c.in.below(6) : 0x20 + c.in.below(9);
    op->u.pm_op.cpuid = c.cpu();
    op->u.pm_op.u.set_max_cstate = static_cast<u32>(c.number());
    sysctl(c, op);
}

void lists(Caller& c) {
    constexpr u32 kLists[] = {XEN_SYSCTL_getdomaininfolist, XEN_SYSCTL_getcpuinfo, XEN_SYSCTL_cputopoinfo, XEN_SYSCTL_pcitopoinfo,
                              XEN_SYSCTL_numainfo, XEN_SYSCTL_readconsole, XEN_SYSCTL_page_offline_op};
    auto* op = make(c, c.in.of(kLists));
    auto* room = c.noisy<u8>(4096);
    u32 n = c.in.one_in(8) ? c.in.take<u32>() : c.in.below(12);
    bool null = c.in.one_in(4);
    auto at = [&](auto& handle) { handle.p = null ? nullptr : reinterpret_cast<decltype(handle.p)>(c.pointer(room)); };
    switch (op->cmd) {
    case XEN_SYSCTL_getdomaininfolist:
        op->u.getdomaininfolist.first_domain = c.dom();
        op->u.getdomaininfolist.max_domains = n;
        at(op->u.getdomaininfolist.buffer);
        break;
    case XEN_SYSCTL_getcpuinfo: op->u.getcpuinfo.max_cpus = n, at(op->u.getcpuinfo.info); break;
    case XEN_SYSCTL_cputopoinfo: op->u.cputopoinfo.num_cpus = n, at(op->u.cputopoinfo.cputopo); break;
    case XEN_SYSCTL_pcitopoinfo:
        op->u.pcitopoinfo.num_devs = n, at(op->u.pcitopoinfo.devs);
        op->u.pcitopoinfo.nodes.p = c.pointer(c.make<u32>(64));
        break;
    case XEN_SYSCTL_numainfo:
        op->u.numainfo.num_nodes = n, at(op->u.numainfo.meminfo);
        op->u.numainfo.distance.p = c.in.one_in(4) ? nullptr : c.pointer(c.make<u32>(256));
        break;
    case XEN_SYSCTL_readconsole:
        op->u.readconsole.clear = static_cast<u8>(c.in.below(2)), op->u.readconsole.incremental = static_cast<u8>(c.in.below(2));
        op->u.readconsole.index = c.in.take<u16>();
        op->u.readconsole.count = n * 100, at(op->u.readconsole.buffer);
        break;
    default:
        op->u.page_offline.cmd = c.in.below(5);
        op->u.page_offline.start = static_cast<u32>(c.frame());
        op->u.page_offline.end = op->u.page_offline.start + (c.in.one_in(16) ? 3000 : c.in.below(20)) - c.in.one_in(16);
        at(op->u.page_offline.status);
        break;
    }
    sysctl(c, op);
}

void live_patch(Caller& c) {
    auto* op = make(c, XEN_SYSCTL_livepatch_op);
    auto& x = op->u.livepatch;
    x.cmd = c.in.below(5);
    auto* name = c.noisy<char>(200);
    x.u.get.name.name.p = c.pointer(name);
    x.u.get.name.size = static_cast<u16>(c.in.below(200));
    if (x.cmd == XEN_SYSCTL_LIVEPATCH_LIST) {
        x.u.list = {};
        x.u.list.nr = c.in.below(4), x.u.list.idx = c.in.below(4);
    } else if (c.in.one_in(4)) {
        x.u.action.cmd = c.in.below(6), x.u.action.flags = c.in.below(3);
    }
    sysctl(c, op);
}

void policies(Caller& c) {
    if (c.in.below(2)) {
        auto* op = make(c, XEN_SYSCTL_get_cpu_policy);
        op->u.cpu_policy.index = c.in.below(8);
        op->u.cpu_policy.nr_leaves = c.in.below(124), op->u.cpu_policy.nr_msrs = c.in.below(4);
        op->u.cpu_policy._rsvd = c.in.one_in(16);
        op->u.cpu_policy.leaves.p = c.in.one_in(4) ? nullptr : c.pointer(c.make<xen_cpuid_leaf_t>(124));
        op->u.cpu_policy.msrs.p = c.in.one_in(4) ? nullptr : c.pointer(c.make<xen_msr_entry_t>(4));
        return sysctl(c, op);
    }
    auto* op = make(c, XEN_SYSCTL_get_cpu_featureset);
    op->u.cpu_featureset.index = c.in.below(8);
    op->u.cpu_featureset.nr_features = c.in.below(30);
    op->u.cpu_featureset.features.p = c.in.one_in(4) ? nullptr : c.pointer(c.make<u32>(30));
    sysctl(c, op);
}

void hypfs(Caller& c) {
    constexpr const char* kPaths[] = {"/", "/params", "/params/gnttab_max_frames", "/buildinfo", "/buildinfo/config", "/cpupool",
                                      "/cpupool/0", "/cpupool/0/sched-gran", "/cpupool/1", "/params/noreboot", "/params/loglvl",
                                      "/params/guest_loglvl", "/params/dom0_mem", "/params/conring_size", "/buildinfo/version/major",
                                      "/params/gnttab_max_maptrack_frames", "/none", "params", "//params//", "/cpupool/9999999999999"};
    const char* path = c.in.of(kPaths);
    auto* text = c.make<char>(1100);
    usize n = strlen(path);
    std::memcpy(text, path, n);
    if (c.in.one_in(8)) text[c.in.below(static_cast<unsigned>(n) + 1)] = static_cast<char>(c.in.take<u8>());
    auto* room = c.noisy<char>(2048);
    if (c.in.below(2)) {
        constexpr const char* kValues[] = {"64", "1", "0x10", "99999999999", "all", "none/warning", "cpu", "core", ""};
        const char* value = c.in.of(kValues);
        std::memcpy(room, value, strlen(value) + 1);
    }
    u64 length = c.in.one_in(8) ? c.number() : n + 1;
    u32 cmd = c.in.below(4);
    u64 bytes = c.in.one_in(4) ? c.number() : cmd == XEN_HYPFS_OP_write_contents ? strlen(room) + 1 : 2048;
    if (cmd == XEN_HYPFS_OP_get_version && c.in.below(2)) return c.call(__HYPERVISOR_hypfs_op, cmd, 0, 0, 0, 0);
    c.call(__HYPERVISOR_hypfs_op, cmd, c.pointer(text), length, c.in.one_in(8) ? nullptr : c.pointer(room), bytes);
}

void platform_lists(Caller& c) {
    constexpr u32 kOps[] = {XENPF_settime32, XENPF_settime64, XENPF_read_memtype, XENPF_platform_quirk, XENPF_firmware_info,
                            XENPF_get_cpuinfo, XENPF_get_cpu_version, XENPF_core_parking, XENPF_get_symbol, XENPF_set_processor_pminfo,
                            XENPF_cpu_hotadd, XENPF_mem_hotadd, XENPF_efi_runtime_call, XENPF_getidletime};
    auto* op = platform(c, c.in.of(kOps));
    Bytes b = c.in.bytes(c.in.below(64));
    std::memcpy(static_cast<void*>(&op->u), b.data(), b.size());
    switch (op->cmd) {
    case XENPF_firmware_info: op->u.firmware_info.type = c.in.below(7), op->u.firmware_info.index = c.in.below(7); break;
    case XENPF_get_cpuinfo: op->u.pcpu_info.xen_cpuid = c.cpu(); break;
    case XENPF_get_cpu_version: op->u.pcpu_version.xen_cpuid = c.cpu(); break;
    case XENPF_core_parking: op->u.core_parking.type = c.in.below(4); break;
    case XENPF_platform_quirk: op->u.platform_quirk.quirk_id = c.in.below(6); break;
    case XENPF_settime64: op->u.settime64.mbz = c.in.one_in(4); break;
    case XENPF_set_processor_pminfo:
        op->u.set_pminfo.type = c.in.below(5);
        op->u.set_pminfo.id = c.cpu();
        if (op->u.set_pminfo.type == 2) op->u.set_pminfo.u.pdc.p = c.pointer(c.noisy<u32>(8));
        break;
    default: break;
    }
    platform_op(c, op);
}

void resources(Caller& c) {
    auto* op = platform(c, XENPF_resource_op);
    auto* entries = c.noisy<xenpf_resource_entry_t>(5);
    for (unsigned i = 0; i < 5; ++i) {
        constexpr u64 kMsrs[] = {0x10, 0xc8d, 0xc8e, 0x1b};
        entries[i].u.cmd = c.in.one_in(4) ? c.in.below(4) : c.in.below(2);
        entries[i].idx = c.in.one_in(8) ? c.number() : c.in.of(kMsrs);
        entries[i].rsvd = c.in.one_in(16);
    }
    op->u.resource_op.nr_entries = c.in.below(6);
    op->u.resource_op.cpu = c.cpu();
    op->u.resource_op.entries.p = c.pointer(entries);
    platform_op(c, op);
}

void lines(Caller& c) {
    constexpr u32 kOps[] = {PHYSDEVOP_eoi, PHYSDEVOP_irq_status_query, PHYSDEVOP_map_pirq, PHYSDEVOP_unmap_pirq, PHYSDEVOP_setup_gsi,
                            PHYSDEVOP_get_free_pirq, PHYSDEVOP_alloc_irq_vector, PHYSDEVOP_pirq_eoi_gmfn_v1, PHYSDEVOP_pirq_eoi_gmfn_v2,
                            PHYSDEVOP_apic_read, PHYSDEVOP_apic_write, PHYSDEVOP_IRQ_UNMASK_NOTIFY};
    u32 cmd = c.in.of(kOps);
    auto small = [&] { return static_cast<int>(c.in.one_in(8) ? c.in.take<u32>() : c.in.below(34)) - 1; };
    switch (cmd) {
    case PHYSDEVOP_map_pirq: {
        auto* op = c.make<physdev_map_pirq>();
        op->domid = c.dom();
        op->type = static_cast<int>(c.in.below(6)), op->index = small(), op->pirq = small();
        if (c.in.below(2)) op->type = MAP_PIRQ_TYPE_GSI, op->index = static_cast<int>(c.in.below(6)), op->pirq = op->index;
        op->bus = static_cast<int>(c.in.below(3)), op->devfn = static_cast<int>(c.in.below(16)), op->entry_nr = small();
        op->table_base = c.in.one_in(2) ? c.number() : 0;
        return physdev(c, cmd, op);
    }
    case PHYSDEVOP_unmap_pirq: {
        auto* op = c.make<physdev_unmap_pirq>();
        *op = {c.dom(), small()};
        return physdev(c, cmd, op);
    }
    case PHYSDEVOP_pirq_eoi_gmfn_v1:
    case PHYSDEVOP_pirq_eoi_gmfn_v2: {
        auto* op = c.make<physdev_pirq_eoi_gmfn>();
        op->gmfn = c.frame();
        return physdev(c, cmd, op);
    }
    case PHYSDEVOP_apic_read:
    case PHYSDEVOP_apic_write: {
        auto* op = c.make<physdev_apic>();
        *op = {c.in.below(2) ? 0xfec00000 : c.number(), c.in.below(64), c.in.take<u32>()};
        return physdev(c, cmd, op);
    }
    default: {
        auto* op = c.noisy<u32>(4);
        op[0] = static_cast<u32>(small());
        return physdev(c, cmd, op);
    }
    }
}

void devices(Caller& c) {
    constexpr u32 kOps[] = {PHYSDEVOP_manage_pci_add, PHYSDEVOP_manage_pci_remove, PHYSDEVOP_manage_pci_add_ext, PHYSDEVOP_restore_msi,
                            PHYSDEVOP_pci_device_remove, PHYSDEVOP_restore_msi_ext, PHYSDEVOP_prepare_msix, PHYSDEVOP_release_msix,
                            PHYSDEVOP_pci_mmcfg_reserved, PHYSDEVOP_dbgp_op, PHYSDEVOP_set_iopl, 35};
    auto* op = c.noisy<u32>(8);
    op[0] = c.in.below(4);
    op[1] = c.in.below(3), op[2] = c.in.below(3);
    physdev(c, c.in.of(kOps), op);
}

constexpr Operation kOperations[] = {
    trace_buffers, keys, pools, pools, power, lists, lists, live_patch, policies, hypfs, hypfs, platform_lists, resources, lines, lines, devices,
    [](Caller& c) {
        constexpr u32 kPlain[] = {XEN_SYSCTL_physinfo, XEN_SYSCTL_sched_id, XEN_SYSCTL_availheap, XEN_SYSCTL_scheduler_op,
                                  XEN_SYSCTL_perfc_op, XEN_SYSCTL_lockprof_op, XEN_SYSCTL_psr_cmt_op, XEN_SYSCTL_psr_alloc,
                                  XEN_SYSCTL_coverage_op, XEN_SYSCTL_get_cpu_levelling_caps, 28, 40};
        auto* op = make(c, c.in.of(kPlain));
        Bytes b = c.in.bytes(c.in.below(40));
        std::memcpy(static_cast<void*>(&op->u), b.data(), b.size());
        if (op->cmd == XEN_SYSCTL_scheduler_op) {
            op->u.scheduler_op.cpupool_id = c.in.below(3);
            op->u.scheduler_op.sched_id = 5, op->u.scheduler_op.cmd = c.in.below(3);
        }
        sysctl(c, op);
    },
    [](Caller& c) {   // CPUs that do not exist, and those that are on already
        auto* op = make(c, XEN_SYSCTL_cpu_hotplug);
        op->u.cpu_hotplug.cpu = c.in.below(2) ? c.in.below(4) : 300;
        op->u.cpu_hotplug.op = op->u.cpu_hotplug.cpu < 4 ? XEN_SYSCTL_CPU_HOTPLUG_ONLINE : c.in.below(5);
        if (op->u.cpu_hotplug.op == XEN_SYSCTL_CPU_HOTPLUG_SMT_DISABLE) return;
        sysctl(c, op);
    },
    [](Caller& c) {
        auto* op = platform(c, c.in.below(2) ? XENPF_cpu_online : XENPF_cpu_offline);
        op->u.cpu_ol.cpuid = op->cmd == XENPF_cpu_online ? c.in.below(6) : c.in.below(2) ? 0 : 300;
        platform_op(c, op);
    },
    [](Caller& c) {
        auto* op = platform(c, XENPF_microcode_update);
        op->u.microcode.data.p = c.pointer(c.noisy<u8>(1024));
        op->u.microcode.length = c.in.below(2) ? c.in.below(1025) : static_cast<u32>(c.number());
        platform_op(c, op);
    },
    [](Caller& c) {
        auto* op = c.make<physdev_pci_device_add>();
        op->bus = static_cast<u8>(c.in.below(3)), op->devfn = static_cast<u8>(c.in.below(16)), op->flags = c.in.below(8);
        physdev(c, PHYSDEVOP_pci_device_add, op);
    },
    [](Caller& c) {
        auto* op = c.make<physdev_set_iobitmap>();
        op->bitmap.p = c.pointer(c.noisy<u8>(64));
        op->nr_ports = c.in.one_in(4) ? c.in.take<u32>() : c.in.below(513);
        physdev(c, PHYSDEVOP_set_iobitmap, op);
    },
    [](Caller& c) {
        auto* op = c.noisy<physdev_op>();
        op->cmd = c.in.below(12);
        c.call(__HYPERVISOR_physdev_op_compat, c.pointer(op));
    },
    [](Caller& c) { c.call(__HYPERVISOR_console_io, c.in.below(3), c.in.one_in(8) ? c.in.take<u32>() : c.in.below(600), c.pointer(c.noisy<char>(600))); },
    [](Caller& c) { c.call(__HYPERVISOR_kexec_op, c.in.below(8), c.pointer(c.noisy<u64>(8))); },
    [](Caller& c) { c.call(__HYPERVISOR_xenoprof_op, c.in.below(20), c.pointer(c.noisy<u64>(8))); },
    [](Caller& c) { c.call(__HYPERVISOR_hvm_op, c.in.below(28), c.pointer(c.noisy<u64>(8))); },
    [](Caller& c) { c.call(__HYPERVISOR_dm_op, c.dom(), c.in.below(4), c.pointer(c.noisy<u64>(8))); },
    [](Caller& c) {
        auto* op = c.noisy<xen_mc>();
        op->interface_version = c.in.one_in(16) ? 0 : XEN_MCA_INTERFACE_VERSION;
        op->cmd = c.in.below(8);
        if (op->cmd == XEN_MC_physcpuinfo) op->u.mc_physcpuinfo.info.p = c.in.one_in(4) ? nullptr : c.pointer(c.make<xen_mc_logical_cpu_t>(8));
        c.call(__HYPERVISOR_mca, c.pointer(op));
    },
    [](Caller& c) { c.call(__HYPERVISOR_xsm_op, c.pointer(c.noisy<u64>(8))); },
    [](Caller& c) { c.call(__HYPERVISOR_xenpmu_op, c.in.below(8), c.pointer(c.noisy<u64>(8))); },
};

}  // namespace

Operations machine_operations() { return kOperations; }

}  // namespace xen::fuzz
