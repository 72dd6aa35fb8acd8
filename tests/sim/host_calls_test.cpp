// SPDX-License-Identifier: MIT
// Questions about the host and its firmware, claims on memory, and the sets of numbers that rights are kept in.
#include <public/event_channel.h>
#include <public/sched.h>
#include <xen/irq.hpp>
#include <xen/rangeset.hpp>
#include <xen/security.hpp>
#include <xen/softirq.hpp>

#include <array>
#include <vector>

#include "control_calls.hpp"

using namespace xen;
using namespace xen::sim;

TEST_CASE("CPUs and memory are not added, whatever is asked") {
    Toolstack t;
    auto cpu = [&](u32 apic, u32 acpi, u32 domain) {
        xen_platform_op op = t.platform(XENPF_cpu_hotadd);
        op.u.cpu_add = {apic, acpi, domain};
        return t.run(op);
    };
    CHECK(cpu(1, 1, 0) == -ENODEV);
    CHECK(cpu(100'000, 1, 0) == -EINVAL);
    CHECK(cpu(1, 100'000, 0) == -EINVAL);
    CHECK(cpu(1, 1, 256) == -EINVAL);
    xen_platform_op op = t.platform(XENPF_mem_hotadd);
    op.u.mem_add.spfn = 0x100000, op.u.mem_add.epfn = 0x100100;
    CHECK(t.run(op) == -ENODEV);
    op.u.mem_add.epfn = 0x100000;
    CHECK(t.run(op) == -EINVAL);
}

TEST_CASE("processors that there are not, and the one that stays") {
    Toolstack t;
    xen_platform_op op = t.platform(XENPF_get_cpuinfo);
    auto& info = op.u.pcpu_info;
    info.xen_cpuid = 200;
    CHECK(t.run(op) == 0);
    CHECK(info.flags == XEN_PCPU_FLAGS_INVALID);
    CHECK(info.max_present == cpu_present.count() - 1);
    info.xen_cpuid = 60000;
    CHECK(t.run(op) == 0);
    CHECK(info.flags == XEN_PCPU_FLAGS_INVALID);
    op = t.platform(XENPF_get_cpu_version);
    op.u.pcpu_version.xen_cpuid = 200, op.u.pcpu_version.vendor_id[0] = 'x';
    CHECK(t.run(op) == 0);
    CHECK((op.u.pcpu_version.vendor_id[0] == 0 && op.u.pcpu_version.family == 0));
    auto turn = [&](u32 cmd, u32 cpu) {
        xen_platform_op x = t.platform(cmd);
        x.u.cpu_ol.cpuid = cpu;
        return t.run(x);
    };
    CHECK(turn(XENPF_cpu_offline, 0) == -EOPNOTSUPP);
    CHECK(turn(XENPF_cpu_offline, 200) == -EINVAL);
    CHECK(turn(XENPF_cpu_online, 200) == -EINVAL);
    auto plug = [&](u32 what, u32 cpu) {
        xen_sysctl x = t.system(XEN_SYSCTL_cpu_hotplug);
        x.u.cpu_hotplug.op = what, x.u.cpu_hotplug.cpu = cpu;
        return t.run(x);
    };
    CHECK(plug(XEN_SYSCTL_CPU_HOTPLUG_ONLINE, 200) == -EINVAL);
    CHECK(plug(XEN_SYSCTL_CPU_HOTPLUG_ONLINE, 60000) == -EINVAL);
    CHECK(plug(99, 1) == -EOPNOTSUPP);
}

TEST_CASE("the firmware's facts, as far as there are any") {
    Toolstack t;
    auto ask = [&](u32 type, u32 index) {
        xen_platform_op op = t.platform(XENPF_firmware_info);
        op.u.firmware_info.type = type, op.u.firmware_info.index = index;
        return t.run(op);
    };
    CHECK(ask(XEN_FW_DISK_INFO, 0) == -ESRCH);
    CHECK(ask(XEN_FW_DISK_MBR_SIGNATURE, 0) == -ESRCH);
    CHECK(ask(XEN_FW_VBEDDC_INFO, 0) == -ESRCH);
    CHECK(ask(XEN_FW_EFI_INFO, 0) == -ENOSYS);
    CHECK(ask(XEN_FW_KBD_SHIFT_FLAGS, 0) == 0);
    CHECK(ask(XEN_FW_KBD_SHIFT_FLAGS, 1) == -ESRCH);
    CHECK(ask(77, 0) == -EINVAL);
    xen_platform_op op = t.platform(XENPF_enter_acpi_sleep);
    op.u.enter_acpi_sleep.sleep_state = 6;
    CHECK(t.run(op) == -EINVAL);
    op.u.enter_acpi_sleep.sleep_state = 5, op.u.enter_acpi_sleep.flags = 0x80;
    CHECK(t.run(op) == -EINVAL);
    op = t.platform(XENPF_set_processor_pminfo);
    auto power = [&](u32 type) {
        op.u.set_pminfo.type = type;
        return t.run(op);
    };
    CHECK(power(XEN_PM_CX) == 0);
    CHECK(power(XEN_PM_PX) == -ENOSYS);
    CHECK(power(77) == -EINVAL);
}

TEST_CASE("frames that shall go off line, and how far the list came") {
    Toolstack t;
    std::array<u32, 4> status{};
    xen_sysctl op = t.system(XEN_SYSCTL_page_offline_op);
    auto& x = op.u.page_offline;
    auto ask = [&](u32 cmd, u32 first, u32 last) {
        status = {9, 9, 9, 9};
        x.cmd = cmd, x.start = first, x.end = last, x.status.p = status.data();
        return t.run(op);
    };
    u32 end = static_cast<u32>(max_frame.raw());
    CHECK(ask(sysctl_query_page_offline, 300, 302) == 0);
    CHECK((status[0] == 0 && status[2] == 0 && status[3] == 9));
    CHECK(ask(sysctl_page_online, 300, 300) == 0);
    CHECK(ask(sysctl_page_offline, 300, 301) == -EPERM);
    CHECK((status[0] == PG_OFFLINE_FAILED && status[1] == 9));
    CHECK(ask(sysctl_query_page_offline, end - 1, end) == -EINVAL);
    CHECK((status[0] == 0 && status[1] == 0));
    CHECK(ask(sysctl_page_offline, end, end) == -EINVAL);
    CHECK(status[0] == PG_OFFLINE_INVALID);
    CHECK(ask(sysctl_page_offline, 5, 4) == -EINVAL);
    CHECK(ask(9, 5, 5) == -EINVAL);
}

TEST_CASE("how much memory a domain has, may have, and has claimed") {
    Toolstack t;
    xen_memory_domain about{t.guest.id.raw()};
    CHECK(t.memory(XENMEM_current_reservation, about) == static_cast<s64>(t.guest.tot_pages));
    CHECK(t.memory(XENMEM_maximum_reservation, about) == static_cast<s64>(t.guest.max_pages));
    CHECK(t.memory(XENMEM_maximum_gpfn, about) == 0);
    about.domid = kNobody;
    CHECK(t.memory(XENMEM_current_reservation, about) == -ESRCH);
    xen_memory_reservation r{};
    auto claim = [&](u64 pages, auto change) {
        r = {};
        r.domid = t.guest.id.raw(), r.nr_extents = pages;
        change(r);
        return t.memory(XENMEM_claim_pages, r);
    };
    auto as_it_is = [](auto&) {};
    CHECK(claim(32, as_it_is) == 0);
    CHECK(t.guest.outstanding_claims == 32 - t.guest.tot_pages);
    CHECK(claim(33, as_it_is) == -EINVAL);                    // one at a time
    CHECK(claim(0, as_it_is) == 0);
    CHECK(t.guest.outstanding_claims == 0);
    CHECK(claim(t.guest.max_pages + 1, as_it_is) == -EINVAL);
    CHECK(claim(32, [](auto& x) { x.extent_order = 1; }) == -EINVAL);
    CHECK(claim(32, [](auto& x) { x.mem_flags = 1; }) == -EINVAL);
    CHECK(claim(32, [](auto& x) { x.domid = kNobody; }) == -EINVAL);
    xen_pfn_t list = 0;
    CHECK(claim(32, [&](auto& x) { x.extent_start.p = &list; }) == -EINVAL);
    xen_pod_target pod{};
    pod.domid = t.guest.id.raw();
    CHECK(t.memory(XENMEM_set_pod_target, pod) == -EINVAL);
    pod.domid = kNobody;
    CHECK(t.memory(XENMEM_set_pod_target, pod) == -ESRCH);
    xen_mem_access_op access{};
    access.domid = t.guest.id.raw();
    CHECK(t.memory(XENMEM_access_op, access) == -ENODEV);
    access.domid = t.control.id.raw();
    CHECK(t.memory(XENMEM_access_op, access) == -EPERM);
    access.domid = kNobody;
    CHECK(t.memory(XENMEM_access_op, access) == -ESRCH);
}

TEST_CASE("what a guest may do to itself, what to others, and what only the machine's owner may") {
    Toolstack t;
    using security::Op;
    for (Op op : {Op::version, Op::memory_pin}) CHECK(security::may(op, t.guest, t.control));
    for (Op op : {Op::mmu_update, Op::device_message, Op::memory_adjust, Op::memory_exchange}) CHECK(security::may(op, t.guest, t.guest));
    for (Op op : {Op::mmu_update, Op::domctl, Op::memory_adjust, Op::memory_exchange, Op::mmu_foreign, Op::sysctl, Op::platform_op})
        CHECK_FALSE(security::may(op, t.guest, t.control));
    for (unsigned n = 0; n < static_cast<unsigned>(Op::count); ++n) {
        INFO(n);
        CHECK(security::may(static_cast<Op>(n), t.control, t.control));   // the control domain's own
    }
    Domain& hardware = create_domain();
    hardware.is_hardware = true;
    CHECK(security::may(Op::physdev, hardware, hardware));
    CHECK_FALSE(security::may(Op::physdev, t.guest, t.guest));
    CHECK_FALSE(security::may(Op::domctl, hardware, t.guest));
    hardware.is_hardware = false;
    destroy_domain(hardware);
}

TEST_CASE("sets of numbers join, part and refuse what is upside down") {
    RangeSet s;
    CHECK_FALSE(s.add(5, 4));
    CHECK_FALSE(s.remove(5, 4));
    REQUIRE(s.add(10, 20));
    REQUIRE(s.add(30, 40));
    REQUIRE(s.add(21, 25));                                   // behind the first
    CHECK((s.size() == 2 && s.range(0).last == 25));
    REQUIRE(s.add(28, 29));                                   // before the second
    CHECK((s.size() == 2 && s.range(1).first == 28));
    REQUIRE(s.add(12, 13));
    CHECK(s.size() == 2);
    REQUIRE(s.add(5, 50));                                    // over all
    CHECK((s.size() == 1 && s.range(0).first == 5 && s.range(0).last == 50));
    REQUIRE(s.remove(10, 20));                                // in two
    CHECK((s.size() == 2 && s.range(0).last == 9 && s.range(1).first == 21));
    REQUIRE(s.remove(0, 6));
    REQUIRE(s.remove(45, 60));
    CHECK((s.range(0).first == 7 && s.range(1).last == 44));
    CHECK((s.contains(7, 9) && !s.contains(7, 21) && !s.contains(6, 9)));
    REQUIRE(s.remove(0, 100));
    CHECK(s.empty());
}

TEST_CASE("what the host has not, and policies by their numbers") {
    Toolstack t;
    auto plain = [&](u32 cmd) {
        xen_sysctl op = t.system(cmd);
        return t.run(op);
    };
    CHECK(plain(XEN_SYSCTL_get_cpu_levelling_caps) == 0);
    CHECK(plain(XEN_SYSCTL_psr_cmt_op) == -ENODEV);
    CHECK(plain(XEN_SYSCTL_coverage_op) == -EOPNOTSUPP);
    xen_sysctl op = t.system(XEN_SYSCTL_psr_alloc);
    CHECK(t.run(op) == -ENODEV);
    op.u.psr_alloc.cmd = XEN_SYSCTL_PSR_get_mba_info + 1;
    CHECK(t.run(op) == -EOPNOTSUPP);
    op = t.system(XEN_SYSCTL_get_cpu_featureset);
    for (u32 index : {XEN_SYSCTL_cpu_featureset_raw, XEN_SYSCTL_cpu_featureset_host, XEN_SYSCTL_cpu_featureset_pv}) {
        op.u.cpu_featureset = {};
        op.u.cpu_featureset.index = index;
        CHECK(t.run(op) == 0);
        CHECK(op.u.cpu_featureset.nr_features > 0);
    }
    op = t.system(XEN_SYSCTL_get_cpu_policy);
    auto policy = [&](u32 index) {
        op.u.cpu_policy = {};
        op.u.cpu_policy.index = index;
        return t.run(op);
    };
    for (u32 index : {XEN_SYSCTL_cpu_policy_raw, XEN_SYSCTL_cpu_policy_host, XEN_SYSCTL_cpu_policy_pv_max, XEN_SYSCTL_cpu_policy_pv_default}) {
        CHECK(policy(index) == 0);
        CHECK((op.u.cpu_policy.nr_leaves == 120 && op.u.cpu_policy.nr_msrs == 2));
    }
    CHECK(policy(XEN_SYSCTL_cpu_policy_hvm_max) == -EOPNOTSUPP);
    CHECK(policy(XEN_SYSCTL_cpu_policy_hvm_default) == -EOPNOTSUPP);
    CHECK(policy(99) == -EINVAL);
    xen_domctl own = t.about(XEN_DOMCTL_get_cpu_policy);
    CHECK(t.run(own) == 0);
    CHECK((own.u.cpu_policy.nr_leaves == 120 && own.u.cpu_policy.nr_msrs == 2));
    own.cmd = XEN_DOMCTL_set_cpu_policy;
    own.u.cpu_policy = {};
    own.u.cpu_policy.nr_leaves = 1;
    CHECK(t.run(own) == -EFAULT);
    xen_platform_op set = t.platform(XENPF_settime64);
    CHECK(t.run(set) == 0);
    set = t.platform(XENPF_get_symbol);
    set.u.symdata.symnum = ~0u;
    CHECK(t.run(set) == -ERANGE);
}

TEST_CASE("calls that cannot be continued refuse a beginning in the middle") {
    Toolstack t;
    std::array<u64, 16> zeros{};
    for (u32 cmd : {XENMEM_exchange, XENMEM_maximum_ram_page, XENMEM_maximum_gpfn, XENMEM_remove_from_physmap, XENMEM_claim_pages,
                    XENMEM_current_reservation})
        CHECK(t.memory(cmd | 1u << 6, zeros) == -EINVAL);
    CHECK(t.memory(XENMEM_maximum_ram_page, zeros) == static_cast<s64>(max_frame.raw()));
    for (u32 cmd : {GNTTABOP_map_grant_ref, GNTTABOP_unmap_grant_ref, GNTTABOP_copy, GNTTABOP_transfer, GNTTABOP_swap_grant_ref,
                    GNTTABOP_setup_table, GNTTABOP_cache_flush})
        CHECK(sim::hypercall(__HYPERVISOR_grant_table_op, cmd, arch::kXenStart, 1) == -EFAULT);
    std::array<gnttab_get_status_frames, 2> status{};
    CHECK(sim::hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_get_status_frames, address(status), 2) == -EINVAL);   // one at a time
    CHECK(sim::hypercall(63) == -ENOSYS);
    CHECK(sim::hypercall(1000) == -ENOSYS);
    xen_memory_reservation r{};
    xen_pfn_t list[2]{};
    r.extent_start.p = list, r.nr_extents = 1, r.domid = DOMID_SELF, r.mem_flags = XENMEMF_populate_on_demand;
    CHECK(t.memory(XENMEM_populate_physmap, r) == 0);         // none was populated
    r.mem_flags = 0;
    r.extent_start.p = nullptr;
    u64 before = t.control.tot_pages;
    CHECK(t.memory(XENMEM_increase_reservation, r) == 1);     // nobody wants to know which
    CHECK(t.control.tot_pages == before + 1);
    u64 own = address_of(give_page(t.guest)).raw();
    mmu_update_t update{own | MMU_MACHPHYS_UPDATE, 5};
    CHECK(sim::hypercall(__HYPERVISOR_mmu_update, address(update), 1, 0, u64{t.guest.id.raw() + 1u} << 16 | t.guest.id.raw()) == -EPERM);
}

TEST_CASE("the rest of what a domain may be given") {
    Toolstack t;
    xen_domctl op = t.about(XEN_DOMCTL_createdomain, 0);
    auto make = [&](auto change) {
        op = t.about(XEN_DOMCTL_createdomain, 0);
        auto& x = op.u.createdomain;
        x.max_vcpus = 1, x.max_evtchn_port = 1023, x.max_grant_frames = 32, x.max_maptrack_frames = 32, x.grant_opts = 2;
        change(x);
        return t.run(op);
    };
    CHECK(make([](auto&) {}) == 0);
    CHECK(op.domain != 0);                                    // a number that is free
    CHECK(domain::peek(DomId{op.domain}) != nullptr);
    destroy_domain(*domain::peek(DomId{op.domain}));
    CHECK(make([](auto& x) { x.iommu_opts = 1; }) == -EINVAL);
    CHECK(make([](auto& x) { x.grant_opts = 0x102; }) == -EINVAL);
    CHECK(make([](auto& x) { x.max_grant_frames = 0; }) == -EINVAL);
    CHECK(make([](auto& x) { x.flags = XEN_DOMCTL_CDF_hvm; }) < 0);
    op = t.about(XEN_DOMCTL_max_mem);
    op.u.max_mem.max_memkb = ~u64{0};
    CHECK(t.run(op) == 0);
    CHECK(t.guest.max_pages == (u64{1} << 32) - 1);
    CHECK(t.plain(XEN_DOMCTL_soft_reset_cont) == -EINVAL);
    op = t.about(XEN_DOMCTL_getdomaininfo, 0x7ff5);
    CHECK(t.run(op) < 0);
    op = t.about(XEN_DOMCTL_irq_permission);
    op.u.irq_permission.pirq = irq::irq_count();
    CHECK(t.run(op) == -EINVAL);
    op = t.about(XEN_DOMCTL_ioport_permission);
    op.u.ioport_permission.first_port = 0xfff0, op.u.ioport_permission.nr_ports = 17;
    CHECK(t.run(op) == -EINVAL);
    op.u.ioport_permission.nr_ports = 0;
    CHECK(t.run(op) == -EINVAL);
    op = t.about(XEN_DOMCTL_get_ext_vcpucontext);
    auto& x = op.u.ext_vcpucontext;
    CHECK(t.run(op) == 0);
    CHECK(x.size > 0);
    u32 size = x.size;
    auto set = [&](auto change) {
        op.cmd = XEN_DOMCTL_set_ext_vcpucontext;
        x = {};
        x.size = size;
        change(x);
        return t.run(op);
    };
    CHECK(set([](auto& e) { e.sysenter_callback_eip = 0x5000; }) == 0);
    CHECK(t.guest.vcpus[0]->arch.sysenter_callback.address == 0x5000);
    CHECK(set([](auto& e) { e.size = 4; }) == -EINVAL);
    CHECK(set([](auto& e) { e.sysenter_callback_eip = u64{1} << 47; }) == -EINVAL);
    CHECK(set([](auto& e) { e.syscall32_callback_eip = u64{1} << 47; }) == -EINVAL);
    op = t.about(XEN_DOMCTL_get_ext_vcpucontext, t.control.id.raw());
    CHECK(t.run(op) == -ESRCH);                               // it cannot be paused by itself
}

TEST_CASE("a domain's watchdogs, and its end told twice") {
    Toolstack t;
    On on{*t.guest.vcpus[0]};
    auto watchdog = [&](u32 id, u32 timeout) {
        sched_watchdog op{id, timeout};
        return sim::hypercall(__HYPERVISOR_sched_op, SCHEDOP_watchdog, address(op));
    };
    CHECK(watchdog(0, 30) == 1);
    CHECK(watchdog(0, 30) == 2);
    CHECK(watchdog(0, 30) == s64{static_cast<u32>(-ENOSPC)});   // ABI: without a sign
    CHECK(watchdog(1, 60) == 0);
    CHECK(watchdog(1, 0) == 0);
    CHECK(watchdog(1, 0) == -EINVAL);                         // it is off
    CHECK(watchdog(3, 1) == -EINVAL);
    CHECK(watchdog(2, 0) == 0);
    evtchn_bind_virq virq{VIRQ_XENOPROF, 1, 0};               // one of each vCPU
    CHECK(sim::hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_virq, address(virq)) == 0);
    sched_shutdown end{SHUTDOWN_poweroff};
    CHECK(sim::hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, address(end)) == 0);
    end.reason = SHUTDOWN_crash;
    CHECK(sim::hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, address(end)) == 0);
    CHECK(t.guest.shutdown_code == SHUTDOWN_poweroff);
    softirq::pending_mask.local().store(0, std::memory_order_relaxed);
}

TEST_CASE("a long list of frames to ask about yields") {
    Toolstack t;
    std::vector<u32> status(600, 9);
    xen_sysctl op = t.system(XEN_SYSCTL_page_offline_op);
    op.u.page_offline.cmd = sysctl_query_page_offline, op.u.page_offline.start = 300, op.u.page_offline.end = 899;
    op.u.page_offline.status.p = status.data();
    load({__HYPERVISOR_sysctl, {address(op)}});
    unsigned entries = 1;
    while (!enter(true)) ++entries;
    softirq::pending_mask.local().store(0, std::memory_order_relaxed);
    CHECK(entries == 2);
    CHECK((status[0] == 0 && status[599] == 0));
}
