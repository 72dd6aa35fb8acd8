// SPDX-License-Identifier: MIT
#include "arch/x86/guest/policy/adjust.hpp"

#include <public/arch-x86/cpufeatureset.h>

#include "arch/x86/guest/policy/features.hpp"

namespace xen::policy {
namespace {

using arch::CpuidRegs;
using arch::Vendor;

constexpr u32 kExtendedBase = 0x80000000;
constexpr u64 kCpuidFaulting = u64{1} << 31;
constexpr u32 kProcessorType = 0x3000;
constexpr u32 kMsrArchCaps = 0x10a, kMsrPlatformInfo = 0xce;

template <usize N>
void clear(CpuidRegs (&leaves)[N], unsigned first, unsigned last) {
    for (unsigned i = first; i <= last && i < N; ++i) leaves[i] = {};
}

Vendor vendor_of(const CpuidRegs& zero) {
    if (zero.b == 0x756e6547) return Vendor::intel;                              // "Genu"
    if (zero.b == 0x68747541 || zero.b == 0x6f677948) return Vendor::amd;        // "Auth", "Hygo"
    return Vendor::other;
}

u32 at_most(u32 a, u32 b) { return a < b ? a : b; }

// Sub-leaves until one says that it is the last (type in the low bits of `a`, or of c >> 8).
void read_cache(CpuPolicy& p) {
    for (unsigned i = 0; i < CpuPolicy::kCache; ++i) {
        p.cache[i] = arch::cpuid(4, i);
        if (!(p.cache[i].a & 0x1f)) return;
    }
}

void read_xstate(CpuPolicy& p) {
    p.xstate[0] = arch::cpuid(0xd, 0);
    p.xstate[0].b = p.xstate[0].c;   // as it is with every state on in XCR0, whenever this is read
    p.xstate[1] = arch::cpuid(0xd, 1);
    u64 states = (u64{p.xstate[0].d} << 32 | p.xstate[0].a) | (u64{p.xstate[1].d} << 32 | p.xstate[1].c);
    for (unsigned i = 2; i < CpuPolicy::kXstate; ++i)
        if (states >> i & 1) p.xstate[i] = arch::cpuid(0xd, i);
}

void read_subleaves(CpuPolicy& p, u32 leaf) {
    if (leaf == 4) return read_cache(p);
    if (leaf == 0xd) return read_xstate(p);
    if (leaf == 7) {
        u32 last = at_most(arch::cpuid(7, 0).a, CpuPolicy::kFeature - 1);
        for (u32 i = 0; i <= last; ++i) p.feature[i] = arch::cpuid(7, i);
        return;
    }
    for (unsigned i = 0; i < CpuPolicy::kTopology; ++i) p.topology[i] = arch::cpuid(0xb, i);
}

bool has_subleaves(u32 leaf) { return leaf == 4 || leaf == 7 || leaf == 0xb || leaf == 0xd; }

void read_msrs(CpuPolicy& p) {
    if (p.feature[0].d >> 29 & 1) p.arch_caps = arch::rdmsr_safe(kMsrArchCaps).value_or(0);
    if (p.vendor == Vendor::intel) p.platform_info = arch::rdmsr_safe(kMsrPlatformInfo).value_or(0) & kCpuidFaulting;
}

// Leaves about the machine's topology, power and monitoring: no guest sees them.
void hide_for_all(CpuPolicy& p) {
    p.basic[1].a &= ~kProcessorType;
    p.basic[1].b &= 0x00ffffff;       // the APIC id is each vCPU's own
    clear(p.basic, 5, 6);
    clear(p.basic, 8, 8);
    clear(p.basic, 0xa, 0xa);
    clear(p.basic, 0xc, 0xc);
    for (auto& t : p.topology) t = {};
    p.extended[7].a = p.extended[7].b = p.extended[7].c = 0;
    p.extended[8].d = 0;
    p.extended[8].a &= 0xffff;
}

void hide_for_intel(CpuPolicy& p) {
    p.extended[1].d &= ~kRepeated1d;
    p.basic[2].a = (p.basic[2].a & ~0xffu) | 1;   // one query is enough
    clear(p.basic, 3, 3);
    clear(p.basic, 9, 9);
    p.extended[0].b = p.extended[0].c = p.extended[0].d = 0;
    p.extended[1].a = p.extended[1].b = 0;
    clear(p.extended, 5, 5);
    p.extended[6].a = p.extended[6].b = p.extended[6].d = 0;
    p.extended[8].c = 0;
}

void hide_for_amd(CpuPolicy& p) {
    clear(p.basic, 2, 3);
    clear(p.basic, 9, 9);
    for (auto& c : p.cache) c = {};
    p.extended[0].b = p.basic[0].b;
    p.extended[0].c = p.basic[0].c;
    p.extended[0].d = p.basic[0].d;
    p.extended[1].a = p.basic[1].a;
    p.extended[1].b &= 0xff00ffff;
    p.extended[8].c &= 0x0003f0ff;
    p.extended[1].d = (p.extended[1].d & ~kRepeated1d) | (p.basic[1].d & kRepeated1d);
    clear(p.extended, 9, 9);
    if (!p.features().has(XEN_X86_FEATURE_SVM)) clear(p.extended, 0xa, 0xa);
    clear(p.extended, 0xb, 0x18);
    clear(p.extended, 0x1b, 0x1e);
}

void hide_leaves(CpuPolicy& p) {
    hide_for_all(p);
    if (p.vendor == Vendor::intel) hide_for_intel(p);
    else if (p.vendor == Vendor::amd) hide_for_amd(p);
}

void limit_leaves(CpuPolicy& p, const CpuPolicy& max) {
    p.basic[0].a = at_most(p.basic[0].a, max.basic[0].a);
    p.feature[0].a = at_most(p.feature[0].a, max.feature[0].a);
    p.extended[0].a = kExtendedBase | at_most(p.extended[0].a & 0xffff, max.extended[0].a & 0xffff);
}

void clip_limits(CpuPolicy& p) {
    u32 extended = p.vendor == Vendor::amd ? CpuPolicy::kExtended - 1 : 8;
    p.basic[0].a = at_most(p.basic[0].a, CpuPolicy::kBasic - 1);
    p.feature[0].a = at_most(p.feature[0].a, CpuPolicy::kFeature - 1);
    p.extended[0].a = kExtendedBase | at_most(p.extended[0].a & 0xffff, extended);
}

}  // namespace

CpuPolicy read_machine() {
    CpuPolicy p;
    p.basic[0] = arch::cpuid(0);
    p.vendor = vendor_of(p.basic[0]);
    u32 last = at_most(p.basic[0].a, CpuPolicy::kBasic - 1);
    for (u32 leaf = 1; leaf <= last; ++leaf) {
        if (has_subleaves(leaf)) read_subleaves(p, leaf);
        else p.basic[leaf] = arch::cpuid(leaf);
    }
    p.extended[0] = arch::cpuid(kExtendedBase);
    if (p.extended[0].a >> 16 != kExtendedBase >> 16) p.extended[0] = {};
    last = at_most(p.extended[0].a & 0xffff, CpuPolicy::kExtended - 1);
    for (u32 i = 1; i <= last && p.extended[0].a; ++i) p.extended[i] = arch::cpuid(kExtendedBase | i);
    read_msrs(p);
    return p;
}

CpuPolicy host_from(const CpuPolicy& raw, const FeatureSet& hidden) {
    CpuPolicy p = raw;
    clip_limits(p);
    FeatureSet f = without(p.features() & named_features(), hidden);
    for (unsigned n : {XEN_X86_FEATURE_OSXSAVE, XEN_X86_FEATURE_OSPKE}) f.clear(n);   // each guest's own
    if (p.vendor == Vendor::amd) f.clear(XEN_X86_FEATURE_SEP);                        // not in long mode
    p.set_features(f);
    limit_xstate(p, f, guest_xcr0_max(raw));
    hide_leaves(p);
    return p;
}

namespace {

// Facts about the processor that a guest is told whatever the toolstack says.
constexpr u16 kFacts[] = {XEN_X86_FEATURE_FDP_EXCP_ONLY, XEN_X86_FEATURE_NO_FPU_SEL};
// What a toolstack may always show, so that a guest keeps it on the next machine: topology, and mitigations that do no
// harm where they are not needed.
constexpr u16 kHarmless[] = {XEN_X86_FEATURE_HTT, XEN_X86_FEATURE_X2APIC, XEN_X86_FEATURE_CMP_LEGACY};
constexpr u16 kHarmlessIntel[] = {XEN_X86_FEATURE_MD_CLEAR, XEN_X86_FEATURE_FB_CLEAR, XEN_X86_FEATURE_RFDS_CLEAR,
                                  XEN_X86_FEATURE_ARCH_CAPS, XEN_X86_FEATURE_RSBA, XEN_X86_FEATURE_RRSBA};
constexpr u16 kHarmlessAmd[] = {XEN_X86_FEATURE_VERW_CLEAR};

template <usize N>
void set_all(FeatureSet& f, const u16 (&list)[N]) {
    for (u16 n : list) f.set(n);
}
template <usize N>
void copy_from(FeatureSet& f, const FeatureSet& host, const u16 (&list)[N]) {
    for (u16 n : list) {
        if (host.has(n)) f.set(n);
        else f.clear(n);
    }
}

}  // namespace

CpuPolicy pv_max_from(const CpuPolicy& host) {
    CpuPolicy p = host;
    FeatureSet f = host.features() & possible_features();
    f.set(XEN_X86_FEATURE_HYPERVISOR);
    copy_from(f, host.features(), kFacts);
    set_all(f, kHarmless);
    if (p.vendor == Vendor::intel) set_all(f, kHarmlessIntel);
    if (p.vendor == Vendor::amd) set_all(f, kHarmlessAmd);
    f = consistent(f);
    p.set_features(f);
    hide_leaves(p);
    p.set_features(f);   // without AMD's repetitions: they come with each guest's own policy
    p.feature[0].a = CpuPolicy::kFeature - 1;
    limit_xstate(p, f, guest_xcr0_max(host));
    return p;
}

CpuPolicy pv_default_from(const CpuPolicy& max, const CpuPolicy& host) {
    CpuPolicy p = max;
    FeatureSet offered = offered_features();
    set_all(offered, kFacts);
    FeatureSet f = max.features() & offered;
    for (u16 n : kHarmless)
        if (!host.features().has(n)) f.clear(n);
    copy_from(f, host.features() & offered, kHarmlessIntel);
    copy_from(f, host.features() & offered, kHarmlessAmd);
    f = consistent(f);
    p.set_features(f);
    p.feature[0].a = host.feature[0].a;
    limit_xstate(p, f, guest_xcr0_max(max));
    return p;
}

void adjust(CpuPolicy& p, const CpuPolicy& max) {
    p.vendor = vendor_of(p.basic[0]);
    limit_leaves(p, max);
    FeatureSet f = consistent(p.features() & max.features());
    p.set_features(f);
    hide_leaves(p);
    limit_xstate(p, f, guest_xcr0_max(max));
}

}  // namespace xen::policy
