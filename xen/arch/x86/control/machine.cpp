// SPDX-License-Identifier: MIT
// The machine as sysctl shows it: capability words, and where a CPU sits (SDM 3A 8.9; APM 3 for AMD's leaf 0x8000001e).
#include <asm/cpu.hpp>
#include <asm/features.hpp>
#include <asm/policy.hpp>
#include <bit>
#include <xen/arch_control.hpp>
#include <xen/platform.hpp>
#include <xen/time.hpp>

namespace xen::arch {
namespace {

// Bits of the APIC id below the core number, and below the package number.
struct IdShifts {
    unsigned core = 0, socket = 0;
};

IdShifts from_leaf_b() {
    IdShifts s;
    for (u32 sub = 0; sub < 4; ++sub) {
        CpuidRegs r = cpuid(0xb, sub);
        unsigned kind = r.c >> 8 & 0xff;
        if (kind == 1) s.core = r.a & 0x1f;
        if (kind == 2) s.socket = r.a & 0x1f;
        if (kind == 0) break;
    }
    return s;
}

IdShifts shifts() {
    if (cpuid(0).a >= 0xb && cpuid(0xb, 0).b) {
        IdShifts s = from_leaf_b();
        if (s.socket < s.core) s.socket = s.core;
        return s;
    }
    CpuidRegs one = cpuid(1);
    bool threads = one.d & 1u << 28;
    u32 logical = threads ? one.b >> 16 & 0xff : 1;
    IdShifts s;
    s.socket = logical > 1 ? static_cast<unsigned>(std::bit_width(logical - 1)) : 0;
    if (features.vendor == Vendor::amd && cpuid(0x80000000).a >= 0x8000001e && cpuid(0x80000001).c & 1u << 22)
        s.core = static_cast<unsigned>(std::bit_width(cpuid(0x8000001e).b >> 8 & 0xff));
    return s;
}

u32 apic_id_of(CpuId cpu) {
    auto list = platform::cpus();
    return cpu.raw() < list.size() ? list[cpu.raw()].apic_id : cpu.raw();
}

}  // namespace

Identity identity() {
    Identity id{};
    CpuidRegs zero = cpuid(0);
    u32 name[] = {zero.b, zero.d, zero.c};
    __builtin_memcpy(id.vendor, name, sizeof(name));
    u32 signature = cpuid(1).a;
    id.family = signature >> 8 & 0xf;
    id.model = signature >> 4 & 0xf;
    id.stepping = signature & 0xf;
    if (id.family == 0xf || id.family == 6) id.model |= signature >> 12 & 0xf0;
    if (id.family == 0xf) id.family += signature >> 20 & 0xff;
    return id;
}

u8 physical_address_bits() { return features.physical_bits; }
u32 cpu_khz() { return static_cast<u32>(time::tsc_khz()); }
u32 threads_per_core() { return 1u << shifts().core; }

u32 cores_per_socket() {
    IdShifts s = shifts();
    return 1u << (s.socket - s.core);
}

Topology topology_of(CpuId cpu) {
    IdShifts s = shifts();
    u32 id = apic_id_of(cpu);
    return {(id & ((1u << s.socket) - 1)) >> s.core, id >> s.socket};
}

bool is_second_thread(CpuId cpu) {
    bool unit = features.vendor == Vendor::amd && identity().family == 0x15;
    return !unit && (apic_id_of(cpu) & (threads_per_core() - 1));
}

// hw_cap: words of the host's features, in the order of public/arch-x86/cpufeatureset.h. What AMD's leaf 0x80000001 repeats of
// leaf 1 (APM 3 E.4.2) is left out.
void describe_machine(xen_sysctl_physinfo& x) {
    constexpr u32 kRepeated = 0x0183f3ff;
    x.capabilities |= XEN_SYSCTL_PHYSCAP_pv;
    FeatureSet f = policy::featureset(XEN_SYSCTL_cpu_featureset_host);
    for (unsigned i = 0; i < sizeof(x.hw_cap) / sizeof(x.hw_cap[0]); ++i) x.hw_cap[i] = f.word[i];
    x.hw_cap[2] &= ~kRepeated;
}

}  // namespace xen::arch
