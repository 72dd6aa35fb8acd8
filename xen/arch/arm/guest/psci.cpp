// SPDX-License-Identifier: MIT
#include "arch/arm/guest/psci.hpp"

#include <asm/trap.hpp>
#include <public/sched.h>
#include <xen/sched.hpp>

#include "arch/arm/guest/handlers.hpp"

namespace xen::psci {
namespace {

// DEN0022 5.2.2.
enum Code : s32 {
    kSuccess = 0, kNotSupported = -1, kInvalidParameters = -2, kDenied = -3, kAlreadyOn = -4, kInvalidAddress = -9,
};

// Function numbers (5.1), below 0x84000000 and, for those that take addresses, 0xc4000000.
enum Function : u32 {
    kVersion = 0, kCpuSuspend = 1, kCpuOff = 2, kCpuOn = 3, kAffinityInfo = 4, kMigrate = 5, kMigrateInfoType = 6, kSystemOff = 8,
    kSystemReset = 9, kFeatures = 10, kSystemReset2 = 18,
};
constexpr u32 kFirst = 0x84000000, kWide = 0x40000000;

constexpr bool is_psci(u32 function) { return (function & ~kWide) >= kFirst && (function & ~kWide) < kFirst + 0x20; }
constexpr bool has_wide_form(u32 number) {
    return number == kCpuSuspend || number == kCpuOn || number == kAffinityInfo || number == kSystemReset2;
}
constexpr bool is_there(u32 function) {
    u32 number = function & 0x1f;
    if (function & kWide) return has_wide_form(number);
    return number <= kCpuOn || number == kAffinityInfo || number == kMigrateInfoType || number == kSystemOff ||
           number == kSystemReset || number == kFeatures || number == kSystemReset2;
}
static_assert(is_there(0xc4000003) && !is_there(0xc4000002) && is_there(0x84000002) && !is_there(0x84000005));

Vcpu* target_of(Domain& d, u64 affinity) {
    auto id = guest::vcpu_of_affinity(affinity);
    return id ? d.vcpu(*id) : nullptr;
}

// Not PSCI's: the call is made again, after whatever the caller's CPU has to do.
constexpr s32 kAgain = 1 << 16;

// Two callers at once: the second finds it on.
s32 start_paused(Vcpu& to, u64 entry, u64 context) {
    Guard g{to.domain->lock};
    if (!sched::is_down(to)) return kAlreadyOn;
    guest::reset_vcpu(to);
    to.arch.regs.pc = entry;
    to.arch.regs.x[0] = context;
    to.initialised = true;
    sched::set_down(to, false);
    return kSuccess;
}

// One that is on its way off is not waited for here: it might wait for the caller.
s32 start(Vcpu& to, u64 entry, u64 context) {
    if (!sched::is_down(to)) return kAlreadyOn;
    if (sched::is_running(to)) return kAgain;
    sched::pause(to);
    s32 code = start_paused(to, entry, context);
    sched::unpause(to);
    return code;
}

s32 cpu_on(Vcpu& v, u64 affinity, u64 entry, u64 context) {
    Vcpu* to = target_of(*v.domain, affinity);
    if (!to) return kInvalidParameters;
    if (entry & 3) return kInvalidAddress;
    // Taken down by another, it is still here for a moment.
    return to == &v ? kAlreadyOn : start(*to, entry, context);
}

// 0 on, 1 off. Only the lowest level of affinity is known.
s32 affinity_info(Vcpu& v, u64 affinity, u64 level) {
    Vcpu* of = target_of(*v.domain, affinity);
    if (!of || level != 0) return kInvalidParameters;
    return sched::is_down(*of) ? 1 : 0;
}

s32 cpu_off(Vcpu& v) {
    sched::set_down(v, true);
    return kSuccess;   // nobody sees it
}

// Every suspended state is standby: the vCPU goes on behind the call, and its interrupt is still pending.
s32 suspend(Vcpu& v) {
    guest::wait_for_interrupt(v);
    return kSuccess;
}

s32 features(u32 function) {
    constexpr u32 kSmcccVersion = 0x80000000;
    if (function == kSmcccVersion) return kSuccess;
    return is_psci(function) && is_there(function) ? kSuccess : kNotSupported;
}

s32 stop(Vcpu& v, unsigned reason) {
    domain::shutdown(*v.domain, reason);
    return kSuccess;
}

// Architectural warm reset is 0; vendors' have bit 31.
s32 reset2(Vcpu& v, u64 type) { return static_cast<u32>(type) == 0 ? stop(v, SHUTDOWN_reboot) : kNotSupported; }

s32 run(Vcpu& v, u32 number, u64 a, u64 b, u64 c) {
    switch (number) {
    case kCpuSuspend: return suspend(v);
    case kCpuOff: return cpu_off(v);
    case kCpuOn: return cpu_on(v, a, b, c);
    case kAffinityInfo: return affinity_info(v, a, b);
    case kMigrateInfoType: return 2;                      // no trusted system that would have to move
    case kSystemOff: return stop(v, SHUTDOWN_poweroff);
    case kSystemReset: return stop(v, SHUTDOWN_reboot);
    case kFeatures: return features(static_cast<u32>(a));
    case kSystemReset2: return reset2(v, a);
    default: return 0x10001;                              // version
    }
}

}  // namespace

bool call(Vcpu& v, u32 function) {
    if (!is_psci(function)) return false;
    arch::GuestRegs& r = v.arch.regs;
    u64 mask = function & kWide ? ~u64{0} : 0xffffffff;
    s32 code = is_there(function) ? run(v, function & 0x1f, r.x[1] & mask, r.x[2] & mask, r.x[3] & mask) : kNotSupported;
    if (code == kAgain) r.pc -= 4;   // HVC and SMC alike: it is behind the instruction
    else r.x[0] = static_cast<u64>(s64{code});
    return true;
}

}  // namespace xen::psci
