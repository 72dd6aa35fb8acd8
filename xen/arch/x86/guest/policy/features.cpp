// SPDX-License-Identifier: MIT
// Which features of the processor PV guests may have, and which features stand on others.
#include "arch/x86/guest/policy/features.hpp"

#include <public/arch-x86/cpufeatureset.h>

namespace xen::policy {
namespace {

#define F(name) XEN_X86_FEATURE_##name

// Offered to every PV guest whose machine has them.
constexpr u16 kOffered[] = {
    F(FPU), F(DE), F(TSC), F(MSR), F(PAE), F(MCE), F(CX8), F(APIC), F(SEP), F(MCA), F(CMOV), F(PAT),
    F(CLFLUSH), F(ACPI), F(MMX), F(FXSR), F(SSE), F(SSE2), F(SS), F(HTT),
    F(SSE3), F(PCLMULQDQ), F(SSSE3), F(FMA), F(CX16), F(SSE4_1), F(SSE4_2), F(MOVBE), F(POPCNT), F(AESNI),
    F(XSAVE), F(AVX), F(F16C), F(RDRAND), F(HYPERVISOR),
    F(SYSCALL), F(NX), F(MMXEXT), F(FFXSR), F(RDTSCP), F(LM), F(3DNOWEXT), F(3DNOW),
    F(LAHF_LM), F(CMP_LEGACY), F(ABM), F(SSE4A), F(MISALIGNSSE), F(3DNOWPREFETCH), F(XOP), F(FMA4), F(TBM),
    F(DBEXT),
    F(XSAVEOPT), F(XSAVEC), F(XGETBV1),
    F(FSGSBASE), F(BMI1), F(AVX2), F(BMI2), F(ERMS), F(RTM), F(AVX512F), F(AVX512DQ), F(RDSEED), F(ADX),
    F(AVX512_IFMA), F(CLFLUSHOPT), F(CLWB), F(AVX512PF), F(AVX512ER), F(AVX512CD), F(SHA), F(AVX512BW),
    F(AVX512VL),
    F(PREFETCHWT1), F(AVX512_VBMI), F(AVX512_VBMI2), F(GFNI), F(VAES), F(VPCLMULQDQ), F(AVX512_VNNI),
    F(AVX512_BITALG), F(AVX512_VPOPCNTDQ), F(RDPID), F(CLDEMOTE),
    F(CLZERO), F(RSTR_FP_ERR_PTRS), F(IBPB), F(SSB_NO), F(BTC_NO), F(IBPB_RET),
    F(AVX512_4VNNIW), F(AVX512_4FMAPS), F(FSRM), F(MD_CLEAR), F(SERIALIZE), F(IBRSB), F(STIBP), F(ARCH_CAPS),
    F(SSBD),
    F(AVX_VNNI), F(AVX512_BF16), F(FZRM), F(FSRS), F(FSRCS),
    F(LFENCE_DISPATCH), F(VERW_CLEAR), F(NSCB), F(SBPB), F(IBPB_BRTYPE), F(SRSO_NO), F(SRSO_US_NO),
    F(INTEL_PSFD), F(MCDT_NO),
    F(RDCL_NO), F(EIBRS), F(INTEL_SSB_NO), F(MDS_NO), F(IF_PSCHANGE_MC_NO), F(TAA_NO), F(SBDR_SSDP_NO),
    F(FBSDP_NO), F(PSDP_NO), F(FB_CLEAR), F(BHI_NO), F(PBRSB_NO), F(GDS_NO), F(RFDS_NO), F(RFDS_CLEAR),
    F(ITS_NO),
    F(TSA_SQ_NO), F(TSA_L1_NO),
};

// Only to those whose toolstack asks.
constexpr u16 kOnRequest[] = {
    F(HLE),
    F(MOVDIRI), F(MOVDIR64B),
    F(ITSC),
    F(AVX512_VP2INTERSECT), F(TSXLDTRK),
};

struct Dependency {
    u16 feature, needs;
};
constexpr Dependency kDependencies[] = {
    {F(XSAVEOPT), F(XSAVE)}, {F(XSAVEC), F(XSAVE)}, {F(XGETBV1), F(XSAVE)}, {F(XSAVES), F(XSAVE)}, {F(AVX), F(XSAVE)},
    {F(SSE), F(FXSR)}, {F(SSE2), F(SSE)}, {F(SSE3), F(SSE2)}, {F(SSSE3), F(SSE3)}, {F(SSE4_1), F(SSSE3)},
    {F(SSE4_2), F(SSE4_1)}, {F(SSE4A), F(SSE3)}, {F(AESNI), F(SSE2)}, {F(PCLMULQDQ), F(SSE2)}, {F(SHA), F(SSE2)},
    {F(GFNI), F(SSE2)}, {F(FMA), F(AVX)}, {F(FMA4), F(AVX)}, {F(F16C), F(AVX)}, {F(AVX2), F(AVX)}, {F(XOP), F(AVX)},
    {F(VAES), F(AVX)}, {F(VPCLMULQDQ), F(AVX)}, {F(AVX_VNNI), F(AVX2)}, {F(AVX512F), F(AVX2)},
    {F(AVX512DQ), F(AVX512F)}, {F(AVX512_IFMA), F(AVX512F)}, {F(AVX512PF), F(AVX512F)}, {F(AVX512ER), F(AVX512F)},
    {F(AVX512CD), F(AVX512F)}, {F(AVX512BW), F(AVX512F)}, {F(AVX512VL), F(AVX512F)}, {F(AVX512_VBMI), F(AVX512BW)},
    {F(AVX512_VBMI2), F(AVX512BW)}, {F(AVX512_VNNI), F(AVX512F)}, {F(AVX512_BITALG), F(AVX512BW)},
    {F(AVX512_VPOPCNTDQ), F(AVX512F)}, {F(AVX512_4VNNIW), F(AVX512F)}, {F(AVX512_4FMAPS), F(AVX512F)},
    {F(AVX512_VP2INTERSECT), F(AVX512F)}, {F(AVX512_BF16), F(AVX512BW)}, {F(LAHF_LM), F(LM)}, {F(CX16), F(LM)},
    {F(STIBP), F(IBRSB)}, {F(SSBD), F(IBRSB)}, {F(INTEL_PSFD), F(IBRSB)},
};

constexpr u16 kAllNames[] = {
#define XEN_CPUFEATURE(name, value) static_cast<u16>(value),
#include <public/arch-x86/cpufeatureset.h>
#undef XEN_CPUFEATURE
};

#undef F

template <usize N>
FeatureSet set_of(const u16 (&list)[N]) {
    FeatureSet f;
    for (u16 n : list) f.set(n);
    return f;
}

}  // namespace

FeatureSet named_features() { return set_of(kAllNames); }
FeatureSet offered_features() { return set_of(kOffered); }
FeatureSet possible_features() { return set_of(kOffered) | set_of(kOnRequest); }

// In the order of the list a feature's base comes before what stands on it.
FeatureSet consistent(FeatureSet f) {
    for (const Dependency& d : kDependencies)
        if (!f.has(d.needs)) f.clear(d.feature);
    return f;
}

}  // namespace xen::policy
