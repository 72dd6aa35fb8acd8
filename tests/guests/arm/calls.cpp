// SPDX-License-Identifier: MIT
// Each hypercall that Arm has: one way in which it does its work, and what it says to nonsense. Numbers are the ABI's.
#include "guest.hpp"
#include <public/domctl.h>
#include <public/event_channel.h>
#include <public/grant_table.h>
#include <public/hvm/hvm_op.h>
#include <public/hvm/params.h>
#include <public/memory.h>
#include <public/physdev.h>
#include <public/platform.h>
#include <public/sched.h>
#include <public/sysctl.h>
#include <public/vcpu.h>
#include <public/version.h>

namespace {

constexpr u64 kWild = 0x0b000000, kShared = 0xb010, kGrants = 0xb011, kPage = 4096;      // frames with nothing behind them
template <class T>
u64 address(T& t) {
    return reinterpret_cast<u64>(&t);
}
void expect(const char* name, s64 is, s64 wanted) { check(name, static_cast<u64>(is), static_cast<u64>(wanted)); }

void versions() {
    xen_feature_info features{};
    expect("xen_version: features", hypercall(__HYPERVISOR_xen_version, XENVER_get_features, address(features)), 0);
    check("memory is translated", features.submap >> XENFEAT_auto_translated_physmap & 1, 1);
    check("it is dom0", features.submap >> XENFEAT_dom0 & 1, 1);
    char text[16]{};
    expect("xen_version: extra version", hypercall(__HYPERVISOR_xen_version, XENVER_extraversion, address(text)), 0);
    expect("xen_version: nonsense", hypercall(__HYPERVISOR_xen_version, 99), -38);
    expect("xen_version: page size", hypercall(__HYPERVISOR_xen_version, XENVER_pagesize), 4096);
}

void vcpus() {
    expect("vcpu_op: what is none of Arm", hypercall(__HYPERVISOR_vcpu_op, VCPUOP_is_up, 0), -22);
    expect("vcpu_op: nobody", hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 200, kWild), -2);
    vcpu_register_vcpu_info info{~u64{0}, 0, 0};
    expect("vcpu_op: vcpu_info nowhere", hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0, address(info)), -22);
    alignas(64) static vcpu_runstate_info run;
    vcpu_register_runstate_memory_area area{};
    area.addr.h.p = &run;
    expect("vcpu_op: run state", hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, 0, address(area)), 0);
    check("which is: running", static_cast<u64>(run.state), RUNSTATE_running);
    expect("vcpu_op: run state from nowhere", hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, 0, kWild), -14);
}

void schedule() {
    expect("sched_op: yield", hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield), 0);
    expect("sched_op: nonsense", hypercall(__HYPERVISOR_sched_op, 99), -38);
    expect("sched_op: poll from nowhere", hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, kWild), -14);
    expect("vm_assist: nonsense", hypercall(__HYPERVISOR_vm_assist, 0, 63), -22);
    expect("vm_assist: run state's flag", hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag), 0);
    multicall_entry calls[2]{};
    calls[0].op = __HYPERVISOR_xen_version;
    calls[1].op = 63;
    expect("multicall", hypercall(__HYPERVISOR_multicall, address(calls), 2), 0);
    check("its first result", calls[0].result, 0x40011);
    expect("its second", static_cast<s64>(calls[1].result), -38);
    expect("multicall from nowhere", hypercall(__HYPERVISOR_multicall, kWild, 2), -14);
}

s64 share(unsigned space, u64 frame) {
    xen_add_to_physmap op{};
    op.domid = DOMID_SELF;
    op.space = space;
    op.gpfn = frame;
    return hypercall(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, address(op));
}

void memory() {
    domid_t self = DOMID_SELF;
    check("memory_op: it has memory", hypercall(__HYPERVISOR_memory_op, XENMEM_current_reservation, address(self)) >= 30000, 1);
    check("memory_op: highest frame", hypercall(__HYPERVISOR_memory_op, XENMEM_maximum_gpfn, address(self)) > 0x40000, 1);
    expect("memory_op: shared_info", share(XENMAPSPACE_shared_info, kShared), 0);
    expect("memory_op: a wild space", share(77, kShared + 8), -38);
    xen_remove_from_physmap remove{DOMID_SELF, kShared + 9};
    expect("memory_op: a hole is removed", hypercall(__HYPERVISOR_memory_op, XENMEM_remove_from_physmap, address(remove)), -2);
    expect("memory_op: nonsense", hypercall(__HYPERVISOR_memory_op, 62), -38);
    expect("memory_op: from nowhere", hypercall(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, kWild), -14);
}

void events() {
    auto& shared = *reinterpret_cast<volatile shared_info*>(kShared * kPage);
    evtchn_alloc_unbound a{DOMID_SELF, DOMID_SELF, 0};
    expect("event channel: a free end", hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, address(a)), 0);
    evtchn_bind_interdomain b{DOMID_SELF, a.port, 0};
    expect("event channel: bound to ourselves", hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_interdomain, address(b)), 0);
    evtchn_status status{};
    status.dom = DOMID_SELF;
    status.port = b.local_port;
    expect("event channel: status", hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_status, address(status)), 0);
    check("which is: between domains", status.status, EVTCHNSTAT_interdomain);
    u32 port = b.local_port;
    shared.evtchn_mask[0] = 0;
    shared.vcpu_info[0].evtchn_upcall_pending = 0;
    expect("event channel: sent", hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, address(port)), 0);
    check("it is pending at the other end", shared.evtchn_pending[0] >> a.port & 1, 1);
    store(gic::private_frame(0) + 0x100, 0xffff0000);
    check("and comes as a private interrupt", wait_interrupt() - 16 < 16, 1);
    expect("event channel: closed", hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_close, address(port)), 0);
    expect("event channel: sent on it", hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, address(port)), -22);
    evtchn_bind_virq virq{200, 0, 0};
    expect("event channel: a wild VIRQ", hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_virq, address(virq)), -22);
    expect("event channel: nonsense", hypercall(__HYPERVISOR_event_channel_op, 62, address(port)), -38);
}

void grants() {
    gnttab_query_size size{};
    size.dom = DOMID_SELF;
    expect("grants: size", hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_query_size, address(size), 1), 0);
    check("its status", static_cast<u64>(size.status), GNTST_okay);
    expect("grants: the table is mapped", share(XENMAPSPACE_grant_table, kGrants), 0);
    auto* table = reinterpret_cast<volatile grant_entry_v1*>(kGrants * kPage);
    alignas(kPage) static u64 pages[2 * 512];
    pages[0] = 0x1234567;
    table[9].domid = 0;
    table[9].frame = static_cast<u32>(address(pages) / kPage);
    table[9].flags = GTF_permit_access | GTF_readonly;
    gnttab_copy copy{};
    copy.source.u.ref = 9;
    copy.source.domid = copy.dest.domid = DOMID_SELF;
    copy.dest.u.gmfn = address(pages[512]) / kPage;
    copy.len = 8;
    copy.flags = GNTCOPY_source_gref;
    expect("grants: copy", hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_copy, address(copy), 1), 0);
    expect("its status", copy.status, GNTST_okay);
    check("the bytes", pages[512], 0x1234567);
    copy.source.u.ref = 10;
    hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_copy, address(copy), 1);
    check("grants: one that is none", copy.status < 0, 1);
    table[9].flags = 0;
    expect("grants: nonsense", hypercall(__HYPERVISOR_grant_table_op, 62, address(copy), 1), -38);
}

void parameters() {
    xen_hvm_param p{};
    p.domid = DOMID_SELF;
    p.index = HVM_NR_PARAMS + 3;
    expect("hvm_op: a wild parameter", hypercall(__HYPERVISOR_hvm_op, HVMOP_get_param, address(p)), -22);
    expect("hvm_op: nonsense", hypercall(__HYPERVISOR_hvm_op, 62, address(p)), -38);
    expect("physdev_op: none on Arm", hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_irq_status_query, address(p)), -38);
    expect("console_io: nonsense", hypercall(__HYPERVISOR_console_io, 9), -38);
}

void control() {
    static xen_sysctl sys;
    sys.cmd = XEN_SYSCTL_physinfo;
    sys.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    expect("sysctl: physinfo", hypercall(__HYPERVISOR_sysctl, address(sys)), 0);
    check("there is a CPU", sys.u.physinfo.nr_cpus >= 1, 1);
    sys.interface_version = 1;
    expect("sysctl: of another version", hypercall(__HYPERVISOR_sysctl, address(sys)), -13);
    static xen_domctl dom;
    dom.cmd = XEN_DOMCTL_getdomaininfo;
    dom.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    expect("domctl: getdomaininfo", hypercall(__HYPERVISOR_domctl, address(dom)), 0);
    check("a domain with hvm and hap", dom.u.getdomaininfo.flags & XEN_DOMINF_hvm_guest, XEN_DOMINF_hvm_guest);
    dom.cmd = XEN_DOMCTL_pausedomain;
    dom.domain = 4711;
    expect("domctl: of nobody", hypercall(__HYPERVISOR_domctl, address(dom)), -3);
    dom.interface_version = 1;
    expect("domctl: of another version", hypercall(__HYPERVISOR_domctl, address(dom)), -13);
    static xen_platform_op platform;
    expect("platform_op: of another version", hypercall(__HYPERVISOR_platform_op, address(platform)), -13);
    expect("domctl: from nowhere", hypercall(__HYPERVISOR_domctl, kWild), -14);
}

}  // namespace

void test_each_call() {
    versions();
    vcpus();
    schedule();
    memory();
    events();
    grants();
    parameters();
    control();
    // What Arm has no use for, and what nobody ever gave a number.
    constexpr u8 kNone[] = {0, 1, 2, 3, 4, 5, 9, 10, 11, 14, 15, 16, 19, 22, 23, 25, 26, 28, 30, 31, 37, 45, 47, 50, 63};
    for (u64 number : kNone)
        if (hypercall(number, ~u64{0}, ~u64{0}, ~u64{0}) != -38) expect("a call that Arm has not", static_cast<s64>(number), -38);
}
