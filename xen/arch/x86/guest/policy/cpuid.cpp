// SPDX-License-Identifier: MIT
// CPUID as one vCPU executes it: its domain's policy, and what depends on its own state.
#include <public/arch-x86/cpufeatureset.h>
#include <public/arch-x86/cpuid.h>
#include <public/domctl.h>
#include <bit>

#include <asm/cpu.hpp>
#include <asm/fpu.hpp>
#include <asm/policy.hpp>
#include <xen/time.hpp>

#include "arch/x86/guest/policy/adjust.hpp"
#include "arch/x86/guest/pv/registers.hpp"

namespace xen::policy {
namespace {

using arch::CpuidRegs;

constexpr u32 kExtendedBase = 0x80000000, kOsXsave = u32{1} << 27;
constexpr u32 kVersion = 4 << 16 | 17;   // of the ABI that we speak

CpuidRegs time_leaf(const Domain& d, u32 subleaf) {
    const arch::GuestTsc& tsc = d.arch.tsc;
    time::Scale scale = time::scale_for(tsc.khz);
    u64 start = static_cast<u64>(tsc.start.raw());
    u32 khz = static_cast<u32>(time::tsc_khz());
    bool rdtscp = host().features().has(XEN_X86_FEATURE_RDTSCP);
    bool reliable = host().features().has(XEN_X86_FEATURE_ITSC);
    switch (subleaf) {
    case 0: return {u32{tsc.emulated} | u32{reliable} << 1 | u32{rdtscp} << 2, static_cast<u32>(tsc.mode), tsc.khz, tsc.incarnation};
    case 1: return {static_cast<u32>(start), static_cast<u32>(start >> 32), scale.mul, static_cast<u32>(s32{scale.shift})};
    case 2: return {khz, 0, 0, 0};
    default: return {};
    }
}

// Bits that a machine address can have, memory added later included.
u32 machine_address_bits() { return static_cast<u32>(std::bit_width(max_frame.raw() - 1)) + kPageShift; }

CpuidRegs hypervisor_leaf(const Domain& d, u32 index, u32 subleaf) {
    u32 limit = d.arch.policy->hypervisor_leaves;
    if (limit == 0 || limit > XEN_CPUID_MAX_NUM_LEAVES) limit = XEN_CPUID_MAX_NUM_LEAVES;
    if (limit < 2) limit = 2;
    if (index > limit) return {};
    switch (index) {
    case 0:
        return {XEN_CPUID_FIRST_LEAF + limit, XEN_CPUID_SIGNATURE_EBX, XEN_CPUID_SIGNATURE_ECX, XEN_CPUID_SIGNATURE_EDX};
    case 1: return {kVersion, 0, 0, 0};
    case 2: return {1, 0x40000000, XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD, 0};
    case 3: return time_leaf(d, subleaf);
    case 5: return subleaf == 0 ? CpuidRegs{0, machine_address_bits(), 0, 0} : CpuidRegs{};
    default: return {};
    }
}

CpuidRegs xstate_leaf(const Vcpu& v, const CpuPolicy& p, u32 subleaf) {
    if (subleaf >= CpuPolicy::kXstate) return {};
    CpuidRegs r = p.xstate[subleaf];
    if (!p.features().has(XEN_X86_FEATURE_XSAVE)) return r;
    u64 xcr0 = v.arch.fpu->xcr0;
    if (subleaf == 0) r.b = xstate_bytes(p, xcr0);
    if (subleaf == 1 && p.features().has(XEN_X86_FEATURE_XSAVEC)) r.b = compact_xstate_bytes(p, xcr0);
    return r;
}

// ABI: a kernel sees OSXSAVE once the hypervisor uses XSAVE. Linux looks at it before it sets CR4 (XEN_EMULATE_PREFIX).
bool shows_osxsave(const Vcpu& v, const CpuPolicy& p) {
    if (!p.features().has(XEN_X86_FEATURE_XSAVE)) return false;
    bool by_hypervisor = v.arch.in_kernel && (arch::read_cr4() & pv::kCr4OsXsave);
    return by_hypervisor || (v.arch.cr[4] & pv::kCr4OsXsave);
}

bool is_hardware_kernel(const Vcpu& v) { return v.domain->is_hardware && v.arch.in_kernel; }

// ABI: what the hardware domain's kernel has always seen. It takes MTRR for the memory type operations of platform_op,
// EIST for frequencies and MONITOR, where CPUID itself faulted, for idle states to report.
u32 leaked_c(const Vcpu& v) {
    constexpr u32 kMonitor = 1 << 3, kEist = 1 << 7, kGeneralProtection = 13;
    if (!is_hardware_kernel(v)) return 0;
    u32 seen = v.arch.regs.entry_vector == kGeneralProtection ? kMonitor | kEist : kEist;
    return raw().basic[1].c & seen;
}
u32 leaked_d(const Vcpu& v) {
    constexpr u32 kMtrr = 1 << 12;
    return is_hardware_kernel(v) ? raw().basic[1].d & kMtrr : 0;
}

CpuidRegs basic_leaf(const Vcpu& v, const CpuPolicy& p, u32 leaf, u32 subleaf) {
    if (leaf > p.basic[0].a || leaf >= CpuPolicy::kBasic) return {};
    switch (leaf) {
    case 1: {
        CpuidRegs r = p.basic[1];
        r.b &= 0x00ffffff;
        r.c |= leaked_c(v);
        r.d |= leaked_d(v);
        if (shows_osxsave(v, p)) r.c |= kOsXsave;
        return r;
    }
    case 4: return subleaf < CpuPolicy::kCache ? p.cache[subleaf] : CpuidRegs{};
    case 7: return subleaf <= p.feature[0].a && subleaf < CpuPolicy::kFeature ? p.feature[subleaf] : CpuidRegs{};
    case 0xb: return subleaf < CpuPolicy::kTopology ? p.topology[subleaf] : CpuidRegs{};
    case 0xd: return xstate_leaf(v, p, subleaf);
    default: return p.basic[leaf];
    }
}

}  // namespace

CpuidRegs guest_cpuid(const Vcpu& v, u32 leaf, u32 subleaf) {
    const CpuPolicy& p = *v.domain->arch.policy;
    if (leaf < 0x40000000) return basic_leaf(v, p, leaf, subleaf);
    if (leaf < 0x40000100) return hypervisor_leaf(*v.domain, leaf - XEN_CPUID_FIRST_LEAF, subleaf);
    if (leaf < kExtendedBase || leaf > p.extended[0].a || leaf - kExtendedBase >= CpuPolicy::kExtended) return {};
    CpuidRegs r = p.extended[leaf - kExtendedBase];
    if (leaf == kExtendedBase + 1 && p.vendor == arch::Vendor::amd) r.d |= leaked_d(v);   // one of the repeated bits
    return r;
}

void execute_cpuid(Vcpu& v) {
    arch::GuestRegs& r = v.arch.regs;
    CpuidRegs x = guest_cpuid(v, static_cast<u32>(r.rax), static_cast<u32>(r.rcx));
    r.rax = x.a;
    r.rbx = x.b;
    r.rcx = x.c;
    r.rdx = x.d;
}

}  // namespace xen::policy
