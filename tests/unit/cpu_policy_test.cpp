// SPDX-License-Identifier: MIT
// From a machine's CPUID to a guest's.
#include <public/arch-x86/cpufeatureset.h>
#include <catch2/catch.hpp>

#include "arch/x86/guest/policy/adjust.hpp"
#include "arch/x86/guest/policy/features.hpp"

using namespace xen;
using namespace xen::policy;

namespace {

// A machine with everything that the ABI has a name for.
CpuPolicy machine(bool amd) {
    CpuPolicy p;
    p.basic[0] = amd ? arch::CpuidRegs{0x20, 0x68747541, 0x444d4163, 0x69746e65}
                     : arch::CpuidRegs{0x20, 0x756e6547, 0x6c65746e, 0x49656e69};
    p.vendor = amd ? arch::Vendor::amd : arch::Vendor::intel;
    p.extended[0].a = 0x80000025;
    p.feature[0].a = 2;
    p.basic[1].a = 0x000306f2 | 0x3000;
    p.basic[1].b = 0x05100800;
    p.basic[5] = {64, 64, 3, 0};
    p.basic[0xa] = {1, 2, 3, 4};
    p.extended[0xa] = {1, 2, 3, 4};
    p.extended[8].a = 0x00003030;
    p.xstate[0] = {0x2e7, 0, 0xa88, 0};
    p.xstate[2] = {256, 576, 0, 0};
    p.xstate[5] = {64, 1088, 0, 0};
    p.xstate[6] = {512, 1152, 0, 0};
    p.xstate[7] = {1024, 1664, 0, 0};
    p.xstate[9] = {8, 2688, 0, 0};
    p.set_features(named_features());
    return p;
}

}  // namespace

TEST_CASE("feature words go into the leaves and come back") {
    CpuPolicy p = machine(true);
    FeatureSet f = p.features();
    FeatureSet named = named_features();
    for (unsigned i = 0; i < arch::kFeatureWords; ++i) CHECK(f.word[i] == named.word[i]);
    adjust(p, p);
    CHECK((p.extended[1].d & 1));                       // a guest on AMD sees FPU twice
    CpuPolicy intel = machine(false);
    adjust(intel, intel);
    CHECK_FALSE((intel.extended[1].d & 1));
}

TEST_CASE("PV guests do not get what needs a ring of their own") {
    CpuPolicy host = host_from(machine(false));
    CpuPolicy max = pv_max_from(host);
    FeatureSet f = max.features();
    for (unsigned n : {XEN_X86_FEATURE_PSE, XEN_X86_FEATURE_PGE, XEN_X86_FEATURE_MTRR, XEN_X86_FEATURE_VMX,
                       XEN_X86_FEATURE_SMEP, XEN_X86_FEATURE_SMAP, XEN_X86_FEATURE_PCID, XEN_X86_FEATURE_OSXSAVE,
                       XEN_X86_FEATURE_XSAVES, XEN_X86_FEATURE_PAGE1GB, XEN_X86_FEATURE_PKU, XEN_X86_FEATURE_MONITOR})
        CHECK_FALSE(f.has(n));
    for (unsigned n : {XEN_X86_FEATURE_LM, XEN_X86_FEATURE_SYSCALL, XEN_X86_FEATURE_APIC, XEN_X86_FEATURE_XSAVE,
                       XEN_X86_FEATURE_AVX2, XEN_X86_FEATURE_FSGSBASE, XEN_X86_FEATURE_HYPERVISOR, XEN_X86_FEATURE_ITSC})
        CHECK(f.has(n));
    FeatureSet given = pv_default_from(max, host).features();
    CHECK_FALSE(given.has(XEN_X86_FEATURE_ITSC));       // only when asked for
    CHECK(given.has(XEN_X86_FEATURE_LM));
}

TEST_CASE("limits and hidden leaves") {
    CpuPolicy intel = pv_max_from(host_from(machine(false)));
    CHECK(intel.basic[0].a == 0xd);
    CHECK(intel.extended[0].a == 0x80000008);
    CHECK(intel.basic[1].a == 0x000306f2);
    CHECK(intel.basic[1].b >> 24 == 0);
    CHECK((intel.basic[5].a == 0 && intel.basic[0xa].a == 0));
    CpuPolicy amd = pv_max_from(host_from(machine(true)));
    CHECK(amd.extended[0].a == 0x80000021);
    CHECK(amd.extended[0xa].a == 0);
    CHECK(amd.extended[0].b == amd.basic[0].b);
    CHECK(amd.extended[8].a == 0x3030);
}

TEST_CASE("state components follow the features") {
    CpuPolicy p = pv_max_from(host_from(machine(false)));
    CHECK(guest_xcr0_max(p) == 0xe7);                   // no PKU, no MPX
    CHECK(p.xstate[9].a == 0);
    CHECK(xstate_bytes(p, 3) == 576);
    CHECK(xstate_bytes(p, 7) == 832);
    CHECK(xstate_bytes(p, 0xe7) == 2688);
    CHECK(compact_xstate_bytes(p, 0xe7) == 576 + 256 + 64 + 512 + 1024);
    CHECK(p.xstate[0].c == 2688);

    FeatureSet f = p.features();
    f.clear(XEN_X86_FEATURE_AVX);
    CpuPolicy smaller = p;
    smaller.set_features(f);
    adjust(smaller, p);
    CHECK(guest_xcr0_max(smaller) == 3);
    CHECK_FALSE(smaller.features().has(XEN_X86_FEATURE_AVX512F));

    f.clear(XEN_X86_FEATURE_XSAVE);
    smaller.set_features(f);
    adjust(smaller, p);
    CHECK(smaller.xstate[0].a == 0);
    CHECK_FALSE(smaller.features().has(XEN_X86_FEATURE_XSAVEOPT));
}

TEST_CASE("a toolstack cannot add what the machine has not") {
    CpuPolicy small = machine(true);
    FeatureSet f = named_features();
    f.clear(XEN_X86_FEATURE_RDRAND);
    small.set_features(f);
    CpuPolicy max = pv_max_from(host_from(small));
    CpuPolicy p = max;
    FeatureSet wanted = p.features();
    wanted.set(XEN_X86_FEATURE_RDRAND);
    wanted.set(XEN_X86_FEATURE_SMEP);
    p.set_features(wanted);
    adjust(p, max);
    CHECK_FALSE(p.features().has(XEN_X86_FEATURE_RDRAND));
    CHECK_FALSE(p.features().has(XEN_X86_FEATURE_SMEP));
}

TEST_CASE("cpuid= hides features, what needs them, and nothing else") {
    CpuPolicy raw = machine(false);
    FeatureSet hidden = hidden_features("no-avx2,RDRAND=off,no-fsgsbase=no,smep,no-lahf-lm,no-such-thing,avx512f=maybe,");
    FeatureSet f = host_from(raw, hidden).features();
    for (unsigned n : {XEN_X86_FEATURE_AVX2, XEN_X86_FEATURE_AVX512F, XEN_X86_FEATURE_RDRAND, XEN_X86_FEATURE_LAHF_LM})
        CHECK_FALSE(f.has(n));
    for (unsigned n : {XEN_X86_FEATURE_AVX, XEN_X86_FEATURE_FSGSBASE, XEN_X86_FEATURE_SMEP}) CHECK(f.has(n));
    CHECK(pv_default_from(pv_max_from(host_from(raw, hidden)), host_from(raw, hidden)).features().has(XEN_X86_FEATURE_AVX));
    FeatureSet all = host_from(raw).features(), same = host_from(raw, hidden_features("avx2,no-nonsense")).features();
    for (unsigned i = 0; i < arch::kFeatureWords; ++i) CHECK(all.word[i] == same.word[i]);
}
