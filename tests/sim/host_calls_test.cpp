// SPDX-License-Identifier: MIT
// Questions about the host and its firmware, claims on memory, and the sets of numbers that rights are kept in.
#include <xen/rangeset.hpp>
#include <xen/security.hpp>

#include <array>

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
