// SPDX-License-Identifier: MIT
// What Xen has and PV domains on this machine have not: each call ends in the error that the ABI gives, after the checks that
// come before it.
#include <public/hvm/dm_op.h>
#include <public/hvm/hvm_op.h>
#include <public/hvm/params.h>
#include <public/kexec.h>
#include <public/version.h>
#include <xen/rangeset.hpp>
#include <xen/trace.hpp>

#include <vector>

#include "control_calls.hpp"

using namespace xen;
using namespace xen::sim;

TEST_CASE("operations on domains that PV domains do not have") {
    Toolstack t;
    u16 self = t.control.id.raw();
    for (u32 cmd : {XEN_DOMCTL_gethvmcontext, XEN_DOMCTL_sethvmcontext, XEN_DOMCTL_gethvmcontext_partial, XEN_DOMCTL_bind_pt_irq,
                    XEN_DOMCTL_unbind_pt_irq, XEN_DOMCTL_debug_op, XEN_DOMCTL_set_broken_page_p2m, XEN_DOMCTL_vmtrace_op})
        CHECK(t.plain(cmd) == -EINVAL);
    for (u32 cmd : {XEN_DOMCTL_assign_device, XEN_DOMCTL_deassign_device, XEN_DOMCTL_test_assign_device, XEN_DOMCTL_get_device_group,
                    XEN_DOMCTL_ioport_mapping, XEN_DOMCTL_get_paging_mempool_size, XEN_DOMCTL_set_paging_mempool_size})
        CHECK(t.plain(cmd) == -EOPNOTSUPP);
    CHECK(t.plain(XEN_DOMCTL_psr_cmt_op) == -ENODEV);
    CHECK(t.plain(XEN_DOMCTL_vm_event_op) == -ENOSYS);
    CHECK(t.plain(XEN_DOMCTL_vm_event_op, self) == -EINVAL);
    CHECK(t.plain(XEN_DOMCTL_set_access_required) == 0);
    CHECK(t.plain(XEN_DOMCTL_set_access_required, self) == -EPERM);
    CHECK(t.plain(XEN_DOMCTL_monitor_op) == -EOPNOTSUPP);
    CHECK(t.plain(XEN_DOMCTL_monitor_op, self) == -EPERM);
    CHECK(t.plain(1003) == -ENOSYS);
    xen_domctl op = t.about(XEN_DOMCTL_psr_alloc);
    CHECK(t.run(op) == -ENODEV);
    op.u.psr_alloc.cmd = XEN_DOMCTL_PSR_GET_MBA_THRTL + 1;
    CHECK(t.run(op) == -EOPNOTSUPP);
}

TEST_CASE("the record of changed pages is empty, of others only") {
    Toolstack t;
    xen_domctl op = t.about(XEN_DOMCTL_shadow_op);
    for (u32 asks : {XEN_DOMCTL_SHADOW_OP_CLEAN, XEN_DOMCTL_SHADOW_OP_PEEK}) {
        op.u.shadow_op.op = asks;
        op.u.shadow_op.pages = 100;
        op.domain = t.guest.id.raw();
        CHECK(t.run(op) == 0);
        CHECK(op.u.shadow_op.pages == 0);
        op.domain = t.control.id.raw();
        CHECK(t.run(op) == -EINVAL);
    }
    op.domain = t.guest.id.raw();
    op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_ENABLE;
    CHECK(t.run(op) == -EINVAL);
    // Nothing was begun that could be continued.
    CHECK(sim::hypercall(__HYPERVISOR_arch_1, address(op)) == -EINVAL);
    op.domain = kNobody;
    CHECK(sim::hypercall(__HYPERVISOR_arch_1, address(op)) == -ESRCH);
    op.cmd = XEN_DOMCTL_pausedomain;
    CHECK(sim::hypercall(__HYPERVISOR_arch_1, address(op)) == -EOPNOTSUPP);
    op.interface_version = 1;
    CHECK(sim::hypercall(__HYPERVISOR_arch_1, address(op)) == -EOPNOTSUPP);
}

TEST_CASE("mappings of device memory are checked as if they were made") {
    Toolstack t;
    REQUIRE(t.control.io_memory->add(0xfed00, 0xfedff));
    xen_domctl op = t.about(XEN_DOMCTL_memory_mapping);
    auto map = [&](u64 gfn, u64 mfn, u64 n) {
        op.u.memory_mapping = {gfn, mfn, n, 1, 0};
        return t.run(op);
    };
    CHECK(map(0xfed00, 0xfed00, 64) == 0);
    CHECK(map(0xfed00, 0xfed00, 65) == -E2BIG);
    CHECK(map(0xfed00, 0xfedff, 2) == -EPERM);
    CHECK(map(0xfed00, ~u64{0}, 2) == -EINVAL);
    CHECK(map(~u64{0}, 0xfed00, 2) == -EINVAL);
    CHECK(map(0xfed00, (u64{1} << 40) - 1, 2) == -EINVAL);
    CHECK(map((u64{1} << 40) - 1, 0xfed00, 2) == -EINVAL);
}

TEST_CASE("targets and virtual nodes are looked at, then refused") {
    Toolstack t;
    xen_domctl op = t.about(XEN_DOMCTL_set_target);
    auto target = [&](u16 id) {
        op.u.set_target.target = id;
        return t.run(op);
    };
    CHECK(target(t.control.id.raw()) == -EOPNOTSUPP);
    CHECK(target(t.guest.id.raw()) == -EINVAL);
    CHECK(target(kNobody) == -ESRCH);
    op = t.about(XEN_DOMCTL_setvnumainfo);
    auto nodes = [&](u32 count, u32 vcpus, u32 ranges, u32 pad) {
        op.u.vnuma = {};
        op.u.vnuma.nr_vnodes = count, op.u.vnuma.nr_vcpus = vcpus, op.u.vnuma.nr_vmemranges = ranges, op.u.vnuma.pad = pad;
        return t.run(op);
    };
    CHECK(nodes(1, 2, 1, 0) == -EOPNOTSUPP);
    CHECK(nodes(0, 2, 1, 0) == -EINVAL);
    CHECK(nodes(3, 2, 1, 0) == -EINVAL);
    CHECK(nodes(1, 1, 1, 0) == -EINVAL);
    CHECK(nodes(1, 2, 0, 0) == -EINVAL);
    CHECK(nodes(1, 2, 1, 9) == -EINVAL);
}

TEST_CASE("operations of HVM guests find that the domain is none") {
    Toolstack t;
    auto hvm = [](u32 cmd, auto& op) { return sim::hypercall(__HYPERVISOR_hvm_op, cmd, address(op)); };
    xen_hvm_param parameter{t.guest.id.raw(), 0, 1, 0};
    CHECK(hvm(HVMOP_get_param, parameter) == -EINVAL);
    CHECK(hvm(HVMOP_set_param, parameter) == -EINVAL);
    parameter.domid = kNobody;
    CHECK(hvm(HVMOP_get_param, parameter) == -ESRCH);
    parameter.index = HVM_NR_PARAMS;
    CHECK(hvm(HVMOP_get_param, parameter) == -EINVAL);       // before the domain
    xen_hvm_pagetable_dying dying{};
    dying.domid = kNobody;
    CHECK(hvm(HVMOP_pagetable_dying, dying) == -ESRCH);
    xen_hvm_get_mem_type type{};
    type.domid = DOMID_SELF;
    CHECK(hvm(HVMOP_get_mem_type, type) == -EINVAL);
    CHECK(sim::hypercall(__HYPERVISOR_hvm_op, HVMOP_flush_tlbs, 0) == -EINVAL);
    CHECK(sim::hypercall(__HYPERVISOR_hvm_op, HVMOP_set_evtchn_upcall_vector, 0) == -EINVAL);
    CHECK(sim::hypercall(__HYPERVISOR_hvm_op, HVMOP_guest_request_vm_event, 0) == 0);
    CHECK(sim::hypercall(__HYPERVISOR_hvm_op, HVMOP_guest_request_vm_event, 8) == -EINVAL);
    CHECK(sim::hypercall(__HYPERVISOR_hvm_op, HVMOP_altp2m, 0) == -EOPNOTSUPP);
    CHECK(sim::hypercall(__HYPERVISOR_hvm_op, 3, 0) == -ENOSYS);
    xen_hvm_get_time now{};
    CHECK(hvm(HVMOP_get_time, now) == 0);
    advance(millis(5));
    xen_hvm_get_time later{};
    CHECK(hvm(HVMOP_get_time, later) == 0);
    CHECK(later.now >= now.now + 5'000'000);
}

TEST_CASE("a guest's own trace record has its limits") {
    Toolstack t;
    xen_hvm_xentrace record{};
    record.event = 7, record.extra_bytes = 6;
    auto trace = [&] { return sim::hypercall(__HYPERVISOR_hvm_op, HVMOP_xentrace, address(record)); };
    CHECK(trace() == 0);                                    // nobody records
    record.extra_bytes = sizeof(record.extra) + 1;
    CHECK(trace() == -EINVAL);
    record.extra_bytes = 4, record.event = 0xffff;
    CHECK(trace() == -EINVAL);
}

TEST_CASE("an emulator's requests") {
    Toolstack t;
    std::vector<xen_dm_op_buf> list(3);
    auto request = [&](u32 domain, u32 n) { return sim::hypercall(__HYPERVISOR_dm_op, domain, n, reinterpret_cast<u64>(list.data())); };
    CHECK(request(t.guest.id.raw(), 1) == -EINVAL);
    CHECK(request(t.control.id.raw(), 2) == -EPERM);
    CHECK(request(kNobody, 1) == -ESRCH);
    CHECK(request(t.guest.id.raw(), 0) == -ENODATA);
    CHECK(request(t.guest.id.raw(), 3) == -E2BIG);
}

TEST_CASE("platform operations and their errors") {
    Toolstack t;
    auto plain = [&](u32 cmd) {
        xen_platform_op op = t.platform(cmd);
        return t.run(op);
    };
    for (u32 cmd : {XENPF_add_memtype, XENPF_del_memtype, XENPF_read_memtype}) CHECK(plain(cmd) == -EINVAL);
    for (u32 cmd : {u32{XENPF_efi_runtime_call}, u32{XENPF_change_freq}, u32{XENPF_getidletime}, 3u}) CHECK(plain(cmd) == -ENOSYS);
    xen_platform_op op = t.platform(XENPF_platform_quirk);
    for (u32 quirk : {QUIRK_NOIRQBALANCING, QUIRK_IOAPIC_BAD_REGSEL, QUIRK_IOAPIC_GOOD_REGSEL}) {
        op.u.platform_quirk.quirk_id = quirk;
        CHECK(t.run(op) == 0);
    }
    for (u32 quirk : {0u, 4u}) {
        op.u.platform_quirk.quirk_id = quirk;
        CHECK(t.run(op) == -EINVAL);
    }
    op = t.platform(XENPF_core_parking);
    op.u.core_parking.type = XEN_CORE_PARKING_GET, op.u.core_parking.idle_nums = 7;
    CHECK(t.run(op) == 0);
    CHECK(op.u.core_parking.idle_nums == 0);
    op.u.core_parking.type = XEN_CORE_PARKING_SET;
    CHECK(t.run(op) == -ENODEV);
    op.u.core_parking.type = 9;
    CHECK(t.run(op) == -EINVAL);
    op = t.platform(XENPF_settime64);
    op.u.settime64.mbz = 1;
    CHECK(t.run(op) == -EINVAL);
    op.interface_version = 1;
    CHECK(t.run(op) == -EACCES);
    arch::set_current_vcpu(t.guest.vcpus[0]);
    op = t.platform(XENPF_core_parking);
    CHECK(t.run(op) == -EPERM);
    arch::set_current_vcpu(t.control.vcpus[0]);
}
