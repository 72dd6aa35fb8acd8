// SPDX-License-Identifier: MIT
// Policies as lists of leaves and MSRs, in and out (public/arch-x86/xen.h xen_cpuid_leaf, xen_msr_entry).
#include <asm/policy.hpp>

#include "arch/x86/guest/policy/adjust.hpp"

namespace xen::policy {
namespace {

using arch::CpuidRegs;

constexpr u32 kNone = XEN_CPUID_NO_SUBLEAF, kExtendedBase = 0x80000000, kHypervisor = 0x40000000, kHypervisor2 = 0x40000100;
constexpr u32 kMsrPlatformInfo = 0xce, kMsrArchCaps = 0x10a;

// Where a leaf is kept, nullptr for one that is not.
CpuidRegs* slot_of(CpuPolicy& p, u32 leaf, u32 sub) {
    if (leaf == 4) return sub < CpuPolicy::kCache ? &p.cache[sub] : nullptr;
    if (leaf == 7) return sub < CpuPolicy::kFeature ? &p.feature[sub] : nullptr;
    if (leaf == 0xb) return sub < CpuPolicy::kTopology ? &p.topology[sub] : nullptr;
    if (leaf == 0xd) return sub < CpuPolicy::kXstate ? &p.xstate[sub] : nullptr;
    if (sub != kNone) return nullptr;
    if (leaf < CpuPolicy::kBasic) return &p.basic[leaf];
    if (leaf >= kExtendedBase && leaf - kExtendedBase < CpuPolicy::kExtended) return &p.extended[leaf - kExtendedBase];
    return nullptr;
}

// Sub-leaves up to the first that is none (its type is 0): that one is listed, too.
template <usize N, class F>
Status until_empty(u32 leaf, const CpuidRegs (&list)[N], bool (*empty)(const CpuidRegs&), F f) {
    for (u32 i = 0; i < N; ++i) {
        TRY(f(leaf, i, list[i]));
        if (empty(list[i])) break;
    }
    return {};
}
bool no_cache(const CpuidRegs& r) { return (r.a & 0x1f) == 0; }
bool no_level(const CpuidRegs& r) { return (r.c >> 8 & 0xff) == 0; }

// Up to the last component that there is, those between that are none included.
template <class F>
Status xstate_leaves(const CpuPolicy& p, F f) {
    u64 states = guest_xcr0_max(p) | 3;
    for (u32 i = 0; i < CpuPolicy::kXstate && states >> i; ++i) TRY(f(0xd, i, p.xstate[i]));
    return {};
}

template <class F>
Status basic_leaves(const CpuPolicy& p, u32 leaf, F f) {
    switch (leaf) {
    case 4: return until_empty(leaf, p.cache, no_cache, f);
    case 7:
        for (u32 i = 0; i <= p.feature[0].a && i < CpuPolicy::kFeature; ++i) TRY(f(leaf, i, p.feature[i]));
        return {};
    case 0xb: return until_empty(leaf, p.topology, no_level, f);
    case 0xd: return xstate_leaves(p, f);
    default: return f(leaf, kNone, p.basic[leaf]);
    }
}

// Calls f(leaf, sub-leaf, registers) for each that the policy's limits include. ABI: libxc lists the same ones, and
// writes its own list into the buffer that it got ours in.
template <class F>
Status for_each_leaf(const CpuPolicy& p, F f) {
    for (u32 leaf = 0; leaf <= p.basic[0].a && leaf < CpuPolicy::kBasic; ++leaf) TRY(basic_leaves(p, leaf, f));
    TRY(f(kHypervisor, kNone, CpuidRegs{p.hypervisor_leaves, 0, 0, 0}));
    TRY(f(kHypervisor2, kNone, CpuidRegs{p.hypervisor_leaves2, 0, 0, 0}));
    for (u32 i = 0; i <= (p.extended[0].a & 0xffff) && i < CpuPolicy::kExtended; ++i)
        TRY(f(kExtendedBase | i, kNone, p.extended[i]));
    return {};
}

bool store_leaf(CpuPolicy& p, const xen_cpuid_leaf_t& l) {
    if (l.leaf == kHypervisor || l.leaf == kHypervisor2) {
        if (l.subleaf != kNone) return false;
        (l.leaf == kHypervisor ? p.hypervisor_leaves : p.hypervisor_leaves2) = l.a;
        return true;
    }
    CpuidRegs* slot = slot_of(p, l.leaf, l.subleaf);
    if (!slot) return false;
    *slot = {l.a, l.b, l.c, l.d};
    return true;
}

Status read_leaves(CpuPolicy& p, GuestIn<xen_cpuid_leaf_t> from, u32 n, Refusal& refused) {
    for (u32 i = 0; i < n; ++i) {
        xen_cpuid_leaf_t l = TRY(from.copy_in(i));
        if (store_leaf(p, l)) continue;
        refused.leaf = l.leaf;
        refused.subleaf = l.subleaf;
        return Errno::range;
    }
    return {};
}

Status store_msr(CpuPolicy& p, const xen_msr_entry_t& m) {
    if (m.flags) return Errno::inval;
    switch (m.idx) {
    case kMsrPlatformInfo:
        if (m.val >> 32) return Errno::overflow;
        p.platform_info = m.val;
        return {};
    case kMsrArchCaps: p.arch_caps = m.val; return {};
    default: return Errno::range;
    }
}

Status read_msrs(CpuPolicy& p, GuestIn<xen_msr_entry_t> from, u32 n, Refusal& refused) {
    for (u32 i = 0; i < n; ++i) {
        xen_msr_entry_t m = TRY(from.copy_in(i));
        Status s = store_msr(p, m);
        if (s) continue;
        refused.msr = m.idx;
        return s;
    }
    return {};
}

Status refuse_leaf(Refusal& refused, u32 leaf, u32 sub) {
    refused.leaf = leaf;
    refused.subleaf = sub;
    return Errno::inval;
}

// What no trimming can mend: a guest that is promised leaves which the machine has not.
Status compatible(const CpuPolicy& p, const CpuPolicy& max, Refusal& refused) {
    if (p.basic[0].a > max.basic[0].a) return refuse_leaf(refused, 0, kNone);
    if (p.feature[0].a > max.feature[0].a) return refuse_leaf(refused, 7, 0);
    if (p.extended[0].a > max.extended[0].a) return refuse_leaf(refused, kExtendedBase, kNone);
    if (p.platform_info & ~max.platform_info) {
        refused.msr = kMsrPlatformInfo;
        return Errno::inval;
    }
    return {};
}

}  // namespace

Result<u32> write_leaves(const CpuPolicy& p, GuestOut<xen_cpuid_leaf_t> to, u32 capacity) {
    u32 n = 0;
    TRY(for_each_leaf(p, [&](u32 leaf, u32 sub, const CpuidRegs& r) -> Status {
        if (n == capacity) return Errno::nobufs;
        return to.copy_out(xen_cpuid_leaf_t{leaf, sub, r.a, r.b, r.c, r.d}, n++);
    }));
    return n;
}

Result<u32> write_msrs(const CpuPolicy& p, GuestOut<xen_msr_entry_t> to, u32 capacity) {
    if (capacity < kMaxMsrs) return Errno::nobufs;
    TRY(to.copy_out(xen_msr_entry_t{kMsrPlatformInfo, 0, p.platform_info}, 0));
    TRY(to.copy_out(xen_msr_entry_t{kMsrArchCaps, 0, p.arch_caps}, 1));
    return kMaxMsrs;
}

Status update(Domain& d, GuestIn<xen_cpuid_leaf_t> leaves, u32 nr_leaves, GuestIn<xen_msr_entry_t> msrs, u32 nr_msrs,
              Refusal& refused) {
    auto fresh = TRY(Box<CpuPolicy>::create(*d.arch.policy));
    TRY(read_leaves(*fresh, leaves, nr_leaves, refused));
    TRY(read_msrs(*fresh, msrs, nr_msrs, refused));
    TRY(compatible(*fresh, pv_max(), refused));
    adjust(*fresh, pv_max());
    *d.arch.policy = *fresh;
    return {};
}

}  // namespace xen::policy
