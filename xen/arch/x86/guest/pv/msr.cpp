// SPDX-License-Identifier: MIT
// SDM volume 4 and APM volume 2, appendix A have the registers; which of them a guest gets is Xen's choice.
#include "arch/x86/guest/pv/msr.hpp"

#include <public/arch-x86/cpufeatureset.h>
#include <asm/features.hpp>
#include <asm/hypercall_page.hpp>
#include <asm/mapping.hpp>
#include <asm/policy.hpp>
#include <asm/segments.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>

#include "arch/x86/guest/pv/frame.hpp"
#include "arch/x86/guest/pv/registers.hpp"

namespace xen::pv {
namespace {

using arch::FeatureSet;
using arch::Vendor;

enum Msr : u32 {
    kPlatformId = 0x17, kTsc = 0x10, kApicBase = 0x1b, kSpecCtrl = 0x48, kPredCmd = 0x49, kPatchLevel = 0x8b,
    kPlatformInfo = 0xce, kMperf = 0xe7, kAperf = 0xe8, kArchCaps = 0x10a, kFlushCmd = 0x10b, kMiscFeatures = 0x140,
    kMcgCap = 0x179, kMcgStatus = 0x17a, kMcgCtl = 0x17b, kThermControl = 0x19a, kMiscEnable = 0x1a0,
    kTemperatureTarget = 0x1a2, kTurboRatio = 0x1ad, kTurboRatio2 = 0x1af, kEnergyPerfBias = 0x1b0, kPat = 0x277,
    kMcBanks = 0x400, kMcBanksEnd = 0x480, kXss = 0xda0, kHypercallPage = 0x40000000, kEfer = 0xc0000080,
    kTscAux = 0xc0000103, kFidVidCtl = 0xc0010041, kFidVidStatus = 0xc0010042, kSysCfg = 0xc0010010, kHwcr = 0xc0010015,
    kIorrBase0 = 0xc0010016, kIorrMask1 = 0xc0010019, kTopMem = 0xc001001a, kTopMem2 = 0xc001001d, kNbCfg = 0xc001001f,
    kPstateFirst = 0xc0010061, kPstateLast = 0xc001006b, kVirtSpecCtrl = 0xc001011f, kDrMask1 = 0xc0011019,
    kDrMask3 = 0xc001101b, kDrMask0 = 0xc0011027, kDeCfg = 0xc0011029, kPerfCounter0 = 0xc1, kPerfEvent0 = 0x186,
    kFixedCounter0 = 0x309, kFixedControl = 0x38d, kAmdEvent0 = 0xc0010000, kAmdCoreEvent0 = 0xc0010200,
};

constexpr u32 kPerfCounters = 8, kPerfEvents = 4, kFixedCounters = 3, kGlobalControls = 4;
constexpr u32 kAmdCounters = 8, kAmdCoreCounters = 12;

constexpr u64 kApicBaseValue = 0xfee00800, kApicBsp = 0x100;
constexpr u64 kEferKnown = 0x6d01;   // SCE, LME, LMA, NXE, LMSLE and FFXSR
constexpr u64 kHwcrTscFreq = 1 << 24;
constexpr u64 kMiscEnableClear = 1 << 7 | 1 << 18, kMiscEnableSet = 1 << 11 | 1 << 12 | 1 << 23;
constexpr u64 kLfenceSerial = 2;
constexpr u64 kIbpb = 1;

u64 guest_efer() { return arch::rdmsr(kEfer) & kEferKnown; }
u64 guest_misc_enable(u64 v) { return (v & ~kMiscEnableClear) | kMiscEnableSet; }

bool is_amd() { return arch::features.vendor == Vendor::amd; }
bool is_intel() { return arch::features.vendor == Vendor::intel; }

FeatureSet features_of(const Vcpu& v) { return v.domain->arch.policy->features(); }
bool has(const Vcpu& v, unsigned feature) { return features_of(v).has(feature); }

Result<u64> only_if(bool ok, u64 value) {
    if (!ok) return Errno::fault;
    return value;
}
Status done_if(bool ok) { return ok ? Status{} : Errno::fault; }

// Bits of SPEC_CTRL that the guest's features name (IBRS, STIBP, SSBD, PSFD).
u64 spec_ctrl_bits(const FeatureSet& f) {
    u64 v = 0;
    if (f.has(XEN_X86_FEATURE_IBRSB) || f.has(XEN_X86_FEATURE_IBRS)) v |= 3;
    if (f.has(XEN_X86_FEATURE_SSBD) || f.has(XEN_X86_FEATURE_AMD_SSBD)) v |= 4;
    if (f.has(XEN_X86_FEATURE_PSFD) || f.has(XEN_X86_FEATURE_INTEL_PSFD)) v |= 0x80;
    return v;
}

bool has_spec_ctrl(const FeatureSet& f) { return f.has(XEN_X86_FEATURE_IBRSB) || f.has(XEN_X86_FEATURE_IBRS); }

unsigned dr_mask_index(u32 msr) { return msr == kDrMask0 ? 0 : msr - kDrMask1 + 1; }
bool is_dr_mask(u32 msr) { return msr == kDrMask0 || (msr >= kDrMask1 && msr <= kDrMask3); }
bool is_pstate(u32 msr) {
    return msr == kFidVidCtl || msr == kFidVidStatus || (msr >= kPstateFirst && msr <= kPstateLast);
}
bool within(u32 msr, u32 first, u32 count) { return msr - first < count; }
// Counters of performance events (SDM volume 3, 20.2; APM volume 2, 13.2). None is virtualised: they read as 0.
bool is_counter(u32 msr) {
    if (is_amd()) return within(msr, kAmdEvent0, kAmdCounters) || within(msr, kAmdCoreEvent0, kAmdCoreCounters);
    return is_intel() && (within(msr, kPerfCounter0, kPerfCounters) || within(msr, kPerfEvent0, kPerfEvents) ||
                          within(msr, kFixedCounter0, kFixedCounters) || within(msr, kFixedControl, kGlobalControls));
}
bool is_memory_map(u32 msr) {
    return msr == kSysCfg || (msr >= kIorrBase0 && msr <= kIorrMask1) || msr == kTopMem || msr == kTopMem2;
}
// No machine-check bank is virtualised.
bool is_machine_check(u32 msr) {
    return msr == kMcgStatus || msr == kMcgCtl || (msr >= kMcBanks && msr < kMcBanksEnd);
}

Result<u64> read_amd(Vcpu& v, u32 msr) {
    if (is_dr_mask(msr)) return only_if(has(v, XEN_X86_FEATURE_DBEXT), v.arch.msrs->dr_mask[dr_mask_index(msr)]);
    if (is_pstate(msr)) return only_if(is_amd(), 0);
    if (is_memory_map(msr)) {
        if (!is_amd() || !v.domain->is_hardware) return Errno::fault;
        return arch::rdmsr_safe(msr);
    }
    switch (msr) {
    case kHwcr: return only_if(is_amd(), kHwcrTscFreq);
    case kNbCfg: return u64{0};
    case kDeCfg: return only_if(is_amd(), has(v, XEN_X86_FEATURE_LFENCE_DISPATCH) ? kLfenceSerial : 0);
    case kVirtSpecCtrl: return only_if(has(v, XEN_X86_FEATURE_VIRT_SSBD), v.arch.msrs->spec_ctrl & 4);
    default: return Errno::fault;
    }
}

Result<u64> read_speculation(Vcpu& v, u32 msr) {
    FeatureSet f = features_of(v);
    if (msr == kSpecCtrl) return only_if(has_spec_ctrl(f), v.arch.msrs->spec_ctrl);
    return only_if(f.has(XEN_X86_FEATURE_ARCH_CAPS), v.domain->arch.policy->arch_caps);
}

Result<u64> read_intel(Vcpu& v, u32 msr) {
    switch (msr) {
    case kPlatformId: return is_intel() ? arch::rdmsr_safe(msr) : Result<u64>{Errno::fault};
    case kPatchLevel: return arch::rdmsr_safe(msr);
    case kPlatformInfo: return v.domain->arch.policy->platform_info;
    case kMiscFeatures: return u64{v.arch.msrs->cpuid_faulting};
    case kMiscEnable: return guest_misc_enable(TRY(arch::rdmsr_safe(msr)));
    case kTemperatureTarget:
    case kTurboRatio:
    case kTurboRatio + 1:
    case kTurboRatio2: return arch::rdmsr_safe(msr);
    default: return read_amd(v, msr);
    }
}

Status write_amd(Vcpu& v, u32 msr, u64 value) {
    if (is_dr_mask(msr)) {
        if (!has(v, XEN_X86_FEATURE_DBEXT) || value >> 32) return Errno::fault;
        v.arch.msrs->dr_mask[dr_mask_index(msr)] = static_cast<u32>(value);
        return {};
    }
    if (is_pstate(msr) || msr == kHwcr) return done_if(is_amd());
    if (msr == kNbCfg) return {};
    if (msr == kDeCfg) return done_if(is_amd());
    return Errno::fault;
}

Status write_speculation(Vcpu& v, u32 msr, u64 value) {
    FeatureSet f = features_of(v);
    if (msr == kSpecCtrl) {
        if (!has_spec_ctrl(f) || (value & ~spec_ctrl_bits(f))) return Errno::fault;
        TRY(load_spec_ctrl(value));
        v.arch.msrs->spec_ctrl = value;
        return {};
    }
    if (msr == kPredCmd) {
        bool offered = f.has(XEN_X86_FEATURE_IBRSB) || f.has(XEN_X86_FEATURE_IBPB);
        if (!offered || (value & ~kIbpb)) return Errno::fault;
        return value ? arch::wrmsr_safe(msr, value) : Status{};
    }
    if (!f.has(XEN_X86_FEATURE_L1D_FLUSH) || (value & ~u64{1})) return Errno::fault;
    return value ? arch::wrmsr_safe(msr, value) : Status{};
}

Status write_misc_features(Vcpu& v, u64 value) {
    bool faulting = v.domain->arch.policy->platform_info & (u64{1} << 31);
    if (value & ~u64{faulting}) return Errno::fault;
    v.arch.msrs->cpuid_faulting = value & 1;
    return {};
}

}  // namespace

Result<u64> read_msr(Vcpu& v, u32 msr) {
    switch (msr) {
    case kTsc: return arch::guest_tsc(*v.domain);
    case kApicBase: return kApicBaseValue | (v.id.raw() == 0 ? kApicBsp : 0);
    case arch::kMsrFsBase: return arch::read_fs_base();
    case arch::kMsrGsBase: return arch::read_gs_base();
    case arch::kMsrShadowGsBase: return v.arch.gs_base_user;
    case kEfer: return guest_efer();
    case kPat: return arch::kPatValue;
    case kTscAux: return only_if(has(v, XEN_X86_FEATURE_RDTSCP) || has(v, XEN_X86_FEATURE_RDPID), v.arch.msrs->tsc_aux);
    case kMcgCap: return u64{0};
    case kSpecCtrl:
    case kArchCaps: return read_speculation(v, msr);
    case kHypercallPage: return u64{0};
    default: break;
    }
    if (is_machine_check(msr) || is_counter(msr)) return u64{0};
    return read_intel(v, msr);
}

Status write_msr(Vcpu& v, u32 msr, u64 value) {
    switch (msr) {
    case arch::kMsrFsBase: return done_if(write_segment_base(v, SEGBASE_FS, value).ok());
    case arch::kMsrGsBase: return done_if(write_segment_base(v, SEGBASE_GS_KERNEL, value).ok());
    case arch::kMsrShadowGsBase: return done_if(write_segment_base(v, SEGBASE_GS_USER, value).ok());
    case kHypercallPage: return arch::install_hypercall_page(*v.domain, value);
    case kEfer: return done_if(value == guest_efer());   // ABI: Linux writes back what it read
    case kSpecCtrl:
    case kPredCmd:
    case kFlushCmd: return write_speculation(v, msr, value);
    case kTscAux:
        if (!has(v, XEN_X86_FEATURE_RDTSCP) || value >> 32) return Errno::fault;
        v.arch.msrs->tsc_aux = value;
        load_tsc_aux(value);
        return {};
    case kMiscFeatures: return write_misc_features(v, value);
    case kPatchLevel:
    case kMcgCap: return msr == kPatchLevel && is_intel() ? Status{} : Errno::fault;
    case kMiscEnable: return done_if(arch::rdmsr_safe(msr).ok());   // a change is ignored
    case kMperf:
    case kAperf:
    case kThermControl:
    case kEnergyPerfBias: return done_if(is_intel() || (is_amd() && msr <= kAperf));
    default: break;
    }
    if (is_machine_check(msr) || is_counter(msr)) return {};
    return write_amd(v, msr, value);
}

}  // namespace xen::pv
