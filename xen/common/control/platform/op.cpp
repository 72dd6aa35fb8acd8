// SPDX-License-Identifier: MIT
#include <xen/hypercall.hpp>
#include <xen/log.hpp>
#include <xen/security.hpp>

#include "common/control/platform/platform_op.hpp"

namespace xen::control {
namespace {

using namespace platform_ops;

Spinlock<LockRank::sysctl> lock;

Status dispatch(xen_platform_op& op, bool& changed) {
    switch (op.cmd) {
    case XENPF_settime32:
        return set_time(op.u.settime32.secs, op.u.settime32.nsecs, op.u.settime32.system_time);
    case XENPF_settime64:
        if (op.u.settime64.mbz) return Errno::inval;
        return set_time(op.u.settime64.secs, op.u.settime64.nsecs, op.u.settime64.system_time);
    // Guests use the PAT; the MTRRs stay as the firmware set them.
    case XENPF_add_memtype:
    case XENPF_del_memtype:
    case XENPF_read_memtype: return Errno::inval;
    case XENPF_microcode_update: return load_microcode(op.u.microcode);
    case XENPF_platform_quirk: {
        u32 quirk = op.u.platform_quirk.quirk_id;
        return quirk >= QUIRK_NOIRQBALANCING && quirk <= QUIRK_IOAPIC_GOOD_REGSEL ? Status{} : Errno::inval;
    }
    case XENPF_firmware_info: changed = true; return firmware_info(op.u.firmware_info);
    case XENPF_efi_runtime_call: return Errno::nosys;
    case XENPF_enter_acpi_sleep: return enter_sleep(op.u.enter_acpi_sleep);
    // For a dom0 that governs the frequencies itself (cpufreq=dom0-kernel), which is not offered.
    case XENPF_change_freq:
    case XENPF_getidletime: return Errno::nosys;
    case XENPF_set_processor_pminfo: return processor_power(op.u.set_pminfo);
    case XENPF_get_cpuinfo: changed = true; return cpu_info(op.u.pcpu_info);
    case XENPF_get_cpu_version: changed = true; return cpu_version(op.u.pcpu_version);
    case XENPF_cpu_online: return cpu_online(op.u.cpu_ol.cpuid, true);
    case XENPF_cpu_offline: return cpu_online(op.u.cpu_ol.cpuid, false);
    case XENPF_cpu_hotadd: return add_cpu(op.u.cpu_add);
    case XENPF_mem_hotadd: return add_memory(op.u.mem_add);
    case XENPF_get_symbol: changed = true; return symbol(op.u.symdata);
    case XENPF_core_parking:
        if (op.u.core_parking.type == XEN_CORE_PARKING_GET) {
            changed = true;
            op.u.core_parking.idle_nums = 0;
            return {};
        }
        return op.u.core_parking.type == XEN_CORE_PARKING_SET ? Errno::nodev : Errno::inval;
    default: return Errno::nosys;
    }
}

// The one operation that answers by its result.
Status resources(const xen_platform_op& op, s64& done) {
    done = TRY(arch::access_resources(op.u.resource_op));
    return {};
}

}  // namespace

Result<s64> platform_op(GuestInOut<void> arg) {
    auto op = TRY(arg.copy_in<xen_platform_op>());
    if (op.interface_version != XENPF_INTERFACE_VERSION) return Errno::acces;
    TRY(security::may(security::Op::platform_op, current_domain()));
    if (!lock.try_acquire()) return hypercall::continue_with(arg.raw());
    bool changed = false;
    s64 done = 0;
    Status s = op.cmd == XENPF_resource_op ? resources(op, done) : dispatch(op, changed);
    lock.release();
    if (!s && s.error() == Errno::restart) return hypercall::continue_with(arg.raw());
    if (!s) return s.error();
    if (changed) TRY(arg.copy_out(op));
    return done;
}

}  // namespace xen::control
