// SPDX-License-Identifier: MIT
// Calls of guests by the SMC calling convention 1.1 (ARM DEN0028), by HVC or SMC: PSCI and the architecture's own.
#include <asm/errata.hpp>
#include <asm/trap.hpp>
#include <public/xen.h>

#include "arch/arm/guest/handlers.hpp"
#include "arch/arm/guest/psci.hpp"

namespace xen::guest {
namespace {

constexpr u64 kNotSupported = ~u64{0};
constexpr u64 kVersion = 0x10001;

// Function identifier (2.5): bit 31 fast, 30 64-bit, 29:24 owner, 15:0 number.
enum Owner : u32 { kArchitecture = 0, kStandard = 4, kVendorHypervisor = 6 };
constexpr u32 owner_of(u32 function) { return function >> 24 & 0x3f; }

// "Arm Architecture Calls" (chapter 7). The barrier of the branch predictor has been there on the way here, where the processor needs
// it; a guest that is told of none has none to pay for.
bool is_there(u32 function) {
    constexpr u32 kGetVersion = 0x80000000, kFeatures = 0x80000001, kWorkaround1 = 0x80008000;
    return function == kGetVersion || function == kFeatures || (function == kWorkaround1 && errata::firmware_barrier_active());
}

u64 architecture_call(const arch::GuestRegs& r, u32 function) {
    if (!is_there(function)) return kNotSupported;
    switch (function & 0xffff) {
    case 0: return kVersion;
    case 1: return is_there(static_cast<u32>(r.x[1])) ? 0 : kNotSupported;
    default: return 0;
    }
}

// The UID of Xen's services, as four words (chapter 6).
bool hypervisor_call(arch::GuestRegs& r, u32 function) {
    switch (function & 0xffff) {
    case 0xff00: r.x[0] = 10; return true;                  // calls there are, of the three
    case 0xff01:
        r.x[0] = 0xa71812dc, r.x[1] = 0x4dddc698, r.x[2] = 0xafa8f0a5, r.x[3] = 0x5f7e0cf7;
        return true;
    case 0xff03: r.x[0] = 0, r.x[1] = 1; return true;       // revision
    default: return false;
    }
}

}  // namespace

void smccc_call(Vcpu& v) {
    arch::GuestRegs& r = v.arch.regs;
    auto function = static_cast<u32>(r.x[0]);
    if (psci::call(v, function)) return;
    if (owner_of(function) == kVendorHypervisor && hypervisor_call(r, function)) return;
    r.x[0] = owner_of(function) == kArchitecture ? architecture_call(r, function) : kNotSupported;
}

}  // namespace xen::guest
