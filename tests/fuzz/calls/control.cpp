// SPDX-License-Identifier: MIT
// domctl: what the control domain does with others, and what others try.
#include <public/domctl.h>
#include <public/arch-x86/xen-x86_64.h>

#include "world.hpp"

namespace xen::fuzz {
namespace {

xen_domctl* make(Caller& c, u32 cmd) {
    auto* op = c.make<xen_domctl>();
    op->cmd = cmd;
    op->interface_version = c.in.one_in(64) ? c.in.take<u32>() : XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = c.in.one_in(16) ? c.dom() : c.other();
    return op;
}

void domctl(Caller& c, xen_domctl* op) { c.call(__HYPERVISOR_domctl, c.pointer(op)); }

void plain(Caller& c) {
    constexpr u32 kPlain[] = {XEN_DOMCTL_pausedomain, XEN_DOMCTL_unpausedomain, XEN_DOMCTL_resumedomain, XEN_DOMCTL_getdomaininfo,
                              XEN_DOMCTL_get_address_size, XEN_DOMCTL_gettscinfo, XEN_DOMCTL_soft_reset, 23};
    domctl(c, make(c, c.in.of(kPlain)));
}

void create(Caller& c) {
    auto* op = make(c, XEN_DOMCTL_createdomain);
    op->domain = static_cast<u16>(c.in.one_in(8) ? c.in.take<u16>() : c.in.below(kLastDomain + 1));
    auto& x = op->u.createdomain;
    x.flags = c.in.one_in(8) ? c.in.take<u32>() : 0;
    x.max_vcpus = c.in.one_in(8) ? c.in.take<u16>() : 1 + c.in.below(4);
    x.max_evtchn_port = c.in.one_in(4) ? c.in.take<u16>() : 1023;
    x.max_grant_frames = c.in.one_in(8) ? static_cast<s32>(c.in.take<u32>()) : static_cast<s32>(c.in.below(70)) - 1;
    x.max_maptrack_frames = c.in.one_in(8) ? static_cast<s32>(c.in.take<u32>()) : static_cast<s32>(c.in.below(70)) - 1;
    x.grant_opts = c.in.one_in(8) ? c.in.take<u8>() : 1 + c.in.below(2);
    x.cpupool_id = c.in.one_in(4) ? c.in.below(4) : 0;
    x.iommu_opts = c.in.one_in(16) ? c.in.below(4) : 0;
    x.arch.emulation_flags = c.in.one_in(16) ? c.in.take<u32>() : 0;
    x.arch.misc_flags = c.in.one_in(16) ? c.in.below(4) : 0;
    domctl(c, op);
}

void bitmap(Caller& c, xenctl_bitmap& b) {
    auto* bits = c.make<u8>(64);
    bits[0] = c.in.take<u8>();
    bits[1] = c.in.one_in(4) ? c.in.take<u8>() : 0;
    b.bitmap.p = c.pointer(bits);
    b.nr_bits = c.in.one_in(8) ? c.in.take<u16>() : c.in.below(70);
}

void affinity(Caller& c) {
    auto* op = make(c, c.in.below(2) ? XEN_DOMCTL_setvcpuaffinity : XEN_DOMCTL_getvcpuaffinity);
    op->u.vcpuaffinity.vcpu = c.vcpu();
    op->u.vcpuaffinity.flags = c.in.below(8);
    bitmap(c, op->u.vcpuaffinity.cpumap_hard);
    bitmap(c, op->u.vcpuaffinity.cpumap_soft);
    domctl(c, op);
}

void node_affinity(Caller& c) {
    auto* op = make(c, c.in.below(2) ? XEN_DOMCTL_setnodeaffinity : XEN_DOMCTL_getnodeaffinity);
    bitmap(c, op->u.nodeaffinity.nodemap);
    domctl(c, op);
}

void context(Caller& c) {
    auto* op = make(c, c.in.below(2) ? XEN_DOMCTL_setvcpucontext : XEN_DOMCTL_getvcpucontext);
    op->u.vcpucontext.vcpu = c.vcpu();
    auto* x = c.noisy<vcpu_guest_context_t>();
    x->flags = 0x4 | c.in.below(32);
    x->user_regs.cs = 0xe033, x->user_regs.ss = 0xe02b;
    x->user_regs.rip = c.va(), x->user_regs.rsp = c.va();
    if (Domain* d = domain::peek(DomId{op->domain})) {
        x->ctrlreg[3] = c.frame_of(*d) << kPageShift;
        if (c.in.one_in(2)) x->ctrlreg[1] = c.frame_of(*d) << kPageShift;
        if (c.in.one_in(2)) x->gdt_ents = c.in.below(1100), x->gdt_frames[0] = c.frame_of(*d), x->gdt_frames[1] = c.frame_of(*d);
    }
    op->u.vcpucontext.ctxt.p = c.in.one_in(8) ? nullptr : c.pointer(x);
    domctl(c, op);
}

void permissions(Caller& c) {
    constexpr u32 kKinds[] = {XEN_DOMCTL_irq_permission, XEN_DOMCTL_iomem_permission, XEN_DOMCTL_ioport_permission};
    auto* op = make(c, c.in.of(kKinds));
    u8 allow = static_cast<u8>(c.in.below(2));
    switch (op->cmd) {
    case XEN_DOMCTL_irq_permission: op->u.irq_permission = {c.in.below(40), allow, {}}; break;
    case XEN_DOMCTL_iomem_permission:
        op->u.iomem_permission.first_mfn = c.in.one_in(4) ? c.number() : 0xfec00 + c.in.below(600);
        op->u.iomem_permission.nr_mfns = c.in.one_in(4) ? c.number() : c.in.below(20);
        op->u.iomem_permission.allow_access = allow;
        break;
    default:
        op->u.ioport_permission.first_port = c.in.take<u16>();
        op->u.ioport_permission.nr_ports = c.in.one_in(4) ? c.in.take<u32>() : c.in.below(20);
        op->u.ioport_permission.allow_access = allow;
        break;
    }
    domctl(c, op);
}

void scheduler(Caller& c) {
    auto* op = make(c, XEN_DOMCTL_scheduler_op);
    auto& x = op->u.scheduler_op;
    x.sched_id = c.in.one_in(8) ? c.in.below(12) : 5;
    x.cmd = c.in.below(5);
    if (x.cmd >= XEN_DOMCTL_SCHEDOP_putvcpuinfo) {
        auto* list = c.noisy<xen_domctl_schedparam_vcpu_t>(8);
        x.u.v.vcpus.p = c.pointer(list);
        x.u.v.nr_vcpus = c.in.one_in(8) ? c.in.take<u32>() : c.in.below(8);
    } else {
        x.u.credit.weight = c.in.take<u16>();
        x.u.credit.cap = static_cast<u16>(c.in.below(300));
    }
    domctl(c, op);
}

void extended_state(Caller& c) {
    constexpr u32 kKinds[] = {XEN_DOMCTL_setvcpuextstate, XEN_DOMCTL_getvcpuextstate, XEN_DOMCTL_get_vcpu_msrs, XEN_DOMCTL_set_vcpu_msrs,
                              XEN_DOMCTL_get_ext_vcpucontext, XEN_DOMCTL_set_ext_vcpucontext};
    auto* op = make(c, c.in.of(kKinds));
    switch (op->cmd) {
    case XEN_DOMCTL_setvcpuextstate:
    case XEN_DOMCTL_getvcpuextstate: {
        auto& x = op->u.vcpuextstate;
        auto* state = c.noisy<u64>(200);
        state[0] = c.in.below(2) ? 1 : c.in.below(16);
        state[1] = state[0] | c.in.below(8);
        x.vcpu = c.vcpu();
        x.xfeature_mask = c.in.one_in(4) ? c.in.take<u8>() : 7;
        x.size = c.in.one_in(2) ? c.in.take<u16>() : 16 + (c.in.below(2) ? 576 : 832);
        x.buffer.p = c.in.one_in(8) ? nullptr : c.pointer(state);
        break;
    }
    case XEN_DOMCTL_get_vcpu_msrs:
    case XEN_DOMCTL_set_vcpu_msrs: {
        auto& x = op->u.vcpu_msrs;
        auto* msrs = c.noisy<xen_domctl_vcpu_msr_t>(8);
        constexpr u32 kMsrs[] = {0x140, 0x48, 0xda0, 0xc0000103, 0xc0011027, 0xc0011019};
        for (unsigned i = 0; i < 8; ++i) msrs[i].index = c.in.one_in(4) ? c.in.take<u32>() : c.in.of(kMsrs);
        x.vcpu = c.vcpu();
        x.msr_count = c.in.one_in(4) ? c.in.take<u32>() : c.in.below(8);
        x.msrs.p = c.in.one_in(8) ? nullptr : c.pointer(msrs);
        break;
    }
    default: {
        auto& x = op->u.ext_vcpucontext;
        x.vcpu = c.vcpu();
        x.size = c.in.one_in(2) ? sizeof(x) : c.in.below(100);
        x.syscall32_callback_eip = c.va(), x.sysenter_callback_eip = c.va();
        x.mcg_cap = c.in.one_in(2) ? c.in.take<u64>() : 0;
        break;
    }
    }
    domctl(c, op);
}

void policy(Caller& c) {
    auto* op = make(c, c.in.below(2) ? XEN_DOMCTL_set_cpu_policy : XEN_DOMCTL_get_cpu_policy);
    auto& x = op->u.cpu_policy;
    x.nr_leaves = c.in.below(124);
    x.nr_msrs = c.in.below(5);
    auto* leaves = c.noisy<xen_cpuid_leaf_t>(124);
    auto* msrs = c.noisy<xen_msr_entry_t>(5);
    x.leaves.p = c.in.one_in(8) ? nullptr : c.pointer(leaves);
    x.msrs.p = c.in.one_in(8) ? nullptr : c.pointer(msrs);
    domctl(c, op);
}

void frames(Caller& c) {
    auto* op = make(c, XEN_DOMCTL_getpageframeinfo3);
    auto* list = c.make<xen_pfn_t>(32);
    for (unsigned i = 0; i < 32; ++i) list[i] = c.frame();
    op->u.getpageframeinfo3.num = c.in.one_in(8) ? c.number() : c.in.below(33);
    op->u.getpageframeinfo3.array.p = c.pointer(list);
    domctl(c, op);
}

constexpr Operation kOperations[] = {
    plain, plain, create, create, affinity, node_affinity, context, permissions, scheduler, extended_state, policy, frames,
    [](Caller& c) {
        if (c.in.below(2)) domctl(c, make(c, XEN_DOMCTL_destroydomain));
    },
    [](Caller& c) {
        auto* op = make(c, XEN_DOMCTL_max_vcpus);
        Domain* d = domain::peek(DomId{op->domain});
        op->u.max_vcpus.max = c.in.one_in(4) || !d ? c.in.below(200) : d->max_vcpus;
        domctl(c, op);
    },
    [](Caller& c) {
        auto* op = make(c, XEN_DOMCTL_max_mem);
        op->u.max_mem.max_memkb = c.in.one_in(4) ? c.number() : 4 * c.in.below(400);
        domctl(c, op);
    },
    [](Caller& c) {
        auto* op = make(c, XEN_DOMCTL_setdomainhandle);
        op->u.setdomainhandle.handle[0] = c.in.take<u8>();
        domctl(c, op);
    },
    [](Caller& c) {
        auto* op = make(c, XEN_DOMCTL_settimeoffset);
        op->u.settimeoffset.time_offset_seconds = static_cast<s64>(c.number());
        domctl(c, op);
    },
    [](Caller& c) {
        auto* op = make(c, XEN_DOMCTL_set_virq_handler);
        op->u.set_virq_handler.virq = c.in.below(30);
        domctl(c, op);
    },
    [](Caller& c) {
        auto* op = make(c, XEN_DOMCTL_subscribe);
        op->u.subscribe.port = c.port();
        domctl(c, op);
    },
    [](Caller& c) {
        auto* op = make(c, XEN_DOMCTL_setdebugging);
        op->u.setdebugging.enable = static_cast<u8>(c.in.below(2));
        domctl(c, op);
    },
    [](Caller& c) {
        auto* op = make(c, XEN_DOMCTL_getvcpuinfo);
        op->u.getvcpuinfo.vcpu = c.vcpu();
        domctl(c, op);
    },
    [](Caller& c) {
        auto* op = make(c, XEN_DOMCTL_hypercall_init);
        Domain* d = domain::peek(DomId{op->domain});
        op->u.hypercall_init.gmfn = d ? c.frame_of(*d) : c.frame();
        domctl(c, op);
    },
    [](Caller& c) {
        auto* op = make(c, XEN_DOMCTL_set_address_size);
        op->u.address_size.size = c.in.below(2) ? 64 : 32;
        domctl(c, op);
    },
    [](Caller& c) {
        auto* op = make(c, XEN_DOMCTL_sendtrigger);
        op->u.sendtrigger = {c.in.below(6), c.vcpu()};
        domctl(c, op);
    },
    [](Caller& c) {
        auto* op = make(c, XEN_DOMCTL_settscinfo);
        op->u.tsc_info.tsc_mode = c.in.below(5);
        op->u.tsc_info.gtsc_khz = c.in.below(2) ? static_cast<u32>(c.number()) : 2'000'000;
        op->u.tsc_info.incarnation = c.in.below(3);
        op->u.tsc_info.elapsed_nsec = c.number();
        domctl(c, op);
    },
    [](Caller& c) {
        auto* op = make(c, XEN_DOMCTL_memory_mapping);
        op->u.memory_mapping.first_gfn = c.number();
        op->u.memory_mapping.first_mfn = c.in.one_in(2) ? c.number() : 0xfec00 + c.in.below(600);
        op->u.memory_mapping.nr_mfns = c.in.one_in(4) ? c.number() : c.in.below(70);
        op->u.memory_mapping.add_mapping = c.in.below(2);
        domctl(c, op);
    },
    [](Caller& c) {   // those that are refused, and numbers that nothing has
        auto* op = make(c, c.in.one_in(8) ? 1000 + c.in.below(4) : c.in.below(90));
        if (op->cmd == XEN_DOMCTL_createdomain || op->cmd == XEN_DOMCTL_destroydomain) return;
        Bytes b = c.in.bytes(c.in.below(sizeof(op->u)));
        std::memcpy(static_cast<void*>(&op->u), b.data(), b.size());
        domctl(c, op);
    },
};

}  // namespace

Operations domctl_operations() { return kOperations; }

}  // namespace xen::fuzz
