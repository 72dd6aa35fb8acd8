// SPDX-License-Identifier: MIT
// Leaf 0xd (SDM volume 1, 13.2): the state components of a guest and the sizes of its XSAVE area.
#include <public/arch-x86/cpufeatureset.h>

#include "arch/x86/guest/policy/adjust.hpp"

namespace xen::policy {
namespace {

constexpr u32 kLegacyBytes = 512 + 64;
constexpr u64 kX87Sse = 3, kAvx = 4, kMpx = 0x18, kAvx512 = 0xe0, kPku = 0x200;
constexpr u32 kAligned = 2;   // ecx of a component: 64-byte aligned when compacted

}  // namespace

u64 guest_xcr0_max(const CpuPolicy& p) { return u64{p.xstate[0].d} << 32 | p.xstate[0].a; }

u32 xstate_bytes(const CpuPolicy& p, u64 xcr0) {
    u32 size = kLegacyBytes;
    for (unsigned i = 2; i < CpuPolicy::kXstate; ++i) {
        if (!(xcr0 >> i & 1)) continue;
        u32 end = p.xstate[i].a + p.xstate[i].b;
        if (end > size) size = end;
    }
    return size;
}

u32 compact_xstate_bytes(const CpuPolicy& p, u64 xcr0) {
    u32 size = kLegacyBytes;
    for (unsigned i = 2; i < CpuPolicy::kXstate; ++i) {
        if (!(xcr0 >> i & 1)) continue;
        if (p.xstate[i].c & kAligned) size = (size + 63) & ~63u;
        size += p.xstate[i].a;
    }
    return size;
}

void limit_xstate(CpuPolicy& p, const FeatureSet& f, u64 host_xcr0) {
    if (!f.has(XEN_X86_FEATURE_XSAVE)) {
        for (auto& leaf : p.xstate) leaf = {};
        return;
    }
    u64 states = kX87Sse;
    if (f.has(XEN_X86_FEATURE_AVX)) states |= kAvx;
    if (f.has(XEN_X86_FEATURE_MPX)) states |= kMpx;
    if (f.has(XEN_X86_FEATURE_AVX512F)) states |= kAvx512;
    if (f.has(XEN_X86_FEATURE_PKU)) states |= kPku;
    states &= host_xcr0;
    for (unsigned i = 2; i < CpuPolicy::kXstate; ++i)
        if (!(states >> i & 1)) p.xstate[i] = {};
    u32 size = xstate_bytes(p, states);
    p.xstate[0] = {static_cast<u32>(states), 0, size, static_cast<u32>(states >> 32)};
    p.xstate[1] = {f.word[4], 0, 0, 0};
}

}  // namespace xen::policy
