// SPDX-License-Identifier: MIT
#include <asm/psci.hpp>

#include <asm/cpu_affinity.hpp>
#include <asm/smccc.hpp>
#include <xen/boot_tree.hpp>
#include <xen/compiler.hpp>
#include <xen/log.hpp>

namespace xen::psci {
namespace {

// DEN0022 5.1: identifiers of the 32-bit and of the 64-bit convention; 5.2.2: return codes.
constexpr u32 kVersion = 0x84000000, kCpuOff = 0x84000002, kCpuOn = 0xc4000003, kAffinityInfo = 0xc4000004,
              kSystemOff = 0x84000008, kSystemReset = 0x84000009, kFeatures = 0x8400000a;
constexpr u32 kConventionVersion = 0x80000000;   // SMCCC_VERSION
constexpr s32 kSuccess = 0, kAlreadyOn = -4, kOnPending = -5;
constexpr s32 kOff = 1;

struct Functions {
    u32 cpu_on = 0, cpu_off = 0;   // 0: none
    bool standard = false;         // version 0.2 and above: the others, too
    bool convention_1_1 = false;
};
XEN_RO_AFTER_INIT constinit Functions functions{};

s32 call(u32 function, u64 a = 0, u64 b = 0, u64 c = 0) { return static_cast<s32>(arch::smc(function, a, b, c).x[0]); }

}  // namespace

XEN_INIT void init() {
    const device_tree::Tree& t = boot::tree();
    Maybe<device_tree::Node> node = t.find_compatible("arm,psci-1.0");
    if (!node) node = t.find_compatible("arm,psci-0.2");
    bool standard = static_cast<bool>(node);
    if (!node) node = t.find_compatible("arm,psci");
    if (!node) return log_warning("no PSCI: other CPUs stay off, and the machine cannot be switched off");
    if (node->text("method").value_or(Str{}) != "smc") return log_warning("PSCI by another way than SMC does not reach the firmware from EL2");
    functions = {kCpuOn, kCpuOff, standard};
    if (!standard) {
        functions.cpu_on = static_cast<u32>(node->number("cpu_on").value_or(0));
        functions.cpu_off = static_cast<u32>(node->number("cpu_off").value_or(0));
        return log_info("PSCI 0.1");
    }
    u32 version = static_cast<u32>(call(kVersion));
    log_info("PSCI %u.%u", version >> 16, version & 0xffff);
    functions.convention_1_1 = version >= 0x10000 && call(kFeatures, kConventionVersion) >= 0 && call(kConventionVersion) >= 0x10001;
}

bool available() { return functions.cpu_on; }
bool has_smccc_1_1() { return functions.convention_1_1; }

Status cpu_on(CpuId cpu, Paddr entry) {
    if (!functions.cpu_on) return Errno::nodev;
    switch (call(functions.cpu_on, arch::affinity_of(cpu), entry.raw(), 0)) {
    case kSuccess: return {};
    case kAlreadyOn:
    case kOnPending: return Errno::exist;
    default: return Errno::io;
    }
}

void cpu_off() {
    if (functions.cpu_off) static_cast<void>(call(functions.cpu_off));
}

// Before version 0.2 nobody tells: what it said last must do.
bool is_off(CpuId cpu) { return !functions.standard || call(kAffinityInfo, arch::affinity_of(cpu), 0) == kOff; }

void system_off() {
    if (functions.standard) static_cast<void>(call(kSystemOff));
}
void system_reset() {
    if (functions.standard) static_cast<void>(call(kSystemReset));
}

}  // namespace xen::psci
