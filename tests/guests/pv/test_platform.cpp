// SPDX-License-Identifier: MIT
// platform_op: what the hardware domain asks the hypervisor about its machine.
#include "test.hpp"
#include <public/platform.h>

namespace {

xen_platform_op op;

xen_platform_op& make(u32 command) {
    memset(static_cast<void*>(&op), 0, sizeof(op));
    op.cmd = command;
    op.interface_version = XENPF_INTERFACE_VERSION;
    return op;
}

long call() { return hypercall(__HYPERVISOR_platform_op, address(&op)); }
long call(u32 command) { return make(command), call(); }

void versions() {
    make(XENPF_get_cpuinfo).interface_version = XENPF_INTERFACE_VERSION + 1;
    result("version.newer", call());
    make(XENPF_get_cpuinfo).interface_version = 0;
    result("version.zero", call());
    for (const WildPointer& wild : wild_pointers)
        result(join("argument.", wild.name), hypercall(__HYPERVISOR_platform_op, wild.where));
    for (u32 command : {0u, 1u, 16u, 18u, 34u, 47u, 64u, 99u, ~0u})
        result(join("command.", command), call(command));
}

void time() {
    auto& t = make(XENPF_settime64).u.settime64;
    t.mbz = 1;
    result("settime64.mbz", call());
    auto& s = make(XENPF_settime64).u.settime64;
    s.secs = shared->wc_sec + (u64{shared->wc_sec_hi} << 32);
    s.nsecs = shared->wc_nsec;
    const u32 before = shared->wc_version;
    result("settime64", call());
    check("settime64.version_moved", shared->wc_version != before);
    make(XENPF_settime32).u.settime32.secs = static_cast<u32>(shared->wc_sec);
    result("settime32", call());
}

void processors() {
    auto& info = make(XENPF_get_cpuinfo).u.pcpu_info;
    result("cpuinfo.0", call());
    value("cpuinfo.0.flags", info.flags);
    make(XENPF_get_cpuinfo).u.pcpu_info.xen_cpuid = 5000;
    result("cpuinfo.5000", call());
    value("cpuinfo.5000.flags", info.flags);
    result("cpu_version.0", call(XENPF_get_cpu_version));
    make(XENPF_get_cpu_version).u.pcpu_version.xen_cpuid = 5000;
    result("cpu_version.5000", call());
    value("cpu_version.5000.family", op.u.pcpu_version.family);
    result("cpu_offline.0", call(XENPF_cpu_offline));
    result("cpu_online.0", call(XENPF_cpu_online));
    make(XENPF_cpu_online).u.cpu_ol.cpuid = 5000;
    result("cpu_online.5000", call());
    make(XENPF_cpu_offline).u.cpu_ol.cpuid = 5000;
    result("cpu_offline.5000", call());
    make(XENPF_core_parking).u.core_parking.type = XEN_CORE_PARKING_GET;
    result("core_parking.get", call());
    make(XENPF_core_parking).u.core_parking.type = 9;
    result("core_parking.unknown", call());
    make(XENPF_cpu_hotadd).u.cpu_add.apic_id = ~0u;
    op.u.cpu_add.acpi_id = ~0u;
    result("cpu_hotadd.bad", call());
}

void idle_time() {
    u8 map[1] = {1};
    u64 idle[8] = {};
    auto& g = make(XENPF_getidletime).u.getidletime;
    set_handle(g.cpumap_bitmap, map);
    set_handle(g.idletime, idle);
    g.cpumap_nr_cpus = 8;
    // Only where the domain governs the processors' frequency; else it is refused.
    const long rc = call();
    result("idletime", rc);
    check("idletime.now", rc != 0 || g.now > 0);
    set_handle(g.idletime, kUnmapped);
    result("idletime.fault", call());
}

void firmware() {
    for (u32 type = 0; type < 8; ++type) {
        make(XENPF_firmware_info).u.firmware_info.type = type;
        op.u.firmware_info.index = 500;
        result(join("firmware.", type, ".index_500"), call());
    }
    make(XENPF_firmware_info).u.firmware_info.type = XEN_FW_KBD_SHIFT_FLAGS;
    result("firmware.keyboard", call());
    result("efi_runtime", call(XENPF_efi_runtime_call));
}

void others() {
    result("quirk.0", call(XENPF_platform_quirk));
    result("change_freq", call(XENPF_change_freq));
    make(XENPF_change_freq).u.change_freq.flags = 1;
    result("change_freq.flags", call());
    make(XENPF_change_freq).u.change_freq.cpu = 5000;
    result("change_freq.cpu", call());
    result("pminfo.zero", call(XENPF_set_processor_pminfo));
    make(XENPF_read_memtype).u.read_memtype.reg = 1000;
    result("read_memtype.1000", call());
    make(XENPF_del_memtype).u.del_memtype.reg = 1000;
    result("del_memtype.1000", call());
    make(XENPF_add_memtype).u.add_memtype.type = 99;
    result("add_memtype.bad", call());
    auto& m = make(XENPF_microcode_update).u.microcode;
    m.length = 64;
    set_handle(m.data, kUnmapped);
    result("microcode.fault", call());
    result("resource.none", call(XENPF_resource_op));
    auto& r = make(XENPF_resource_op).u.resource_op;
    r.nr_entries = 99;
    result("resource.many", call());
    xenpf_resource_entry entry = {};
    entry.u.cmd = 99;
    make(XENPF_resource_op).u.resource_op.nr_entries = 1;
    set_handle(op.u.resource_op.entries, &entry);
    result("resource.unknown_command", call());
    result("resource.unknown_command.entry", entry.u.ret);
    entry = {};
    entry.idx = 0x12345678;
    make(XENPF_resource_op).u.resource_op.nr_entries = 1;
    set_handle(op.u.resource_op.entries, &entry);
    result("resource.other_msr", call());
    result("resource.other_msr.entry", entry.u.ret);
    make(XENPF_resource_op).u.resource_op.nr_entries = 1;
    op.u.resource_op.cpu = 5000;
    set_handle(op.u.resource_op.entries, &entry);
    result("resource.cpu", call());
    make(XENPF_enter_acpi_sleep).u.enter_acpi_sleep.flags = 2;
    result("sleep.flags", call());
    make(XENPF_enter_acpi_sleep).u.enter_acpi_sleep.sleep_state = 9;
    result("sleep.state_9", call());
    make(XENPF_mem_hotadd).u.mem_add.spfn = 8;
    op.u.mem_add.epfn = 4;
    result("mem_hotadd.bad", call());
    char name[64];
    auto& s = make(XENPF_get_symbol).u.symdata;
    s.namelen = sizeof(name);
    set_handle(s.name, name);
    result("symbol.first", call());
    make(XENPF_get_symbol).u.symdata.symnum = ~0u;
    result("symbol.beyond", call());
}

} // namespace

void test_platform() {
    versions();
    time();
    processors();
    idle_time();
    firmware();
    others();
}
