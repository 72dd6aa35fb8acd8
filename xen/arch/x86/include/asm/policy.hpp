// SPDX-License-Identifier: MIT
// What CPUID and MSRs tell guests. Three policies are made at boot and never change: the machine's own (raw), what the
// hypervisor uses of it (host), and the most that a PV guest may see (pv_max, with pv_default as what it gets). Each
// domain has its own, made from pv_default, changed by the toolstack only while the domain is paused and has not run.
#pragma once

#include <public/arch-x86/cpufeatureset.h>
#include <public/xen.h>
#include <asm/cpu.hpp>
#include <asm/features.hpp>
#include <xen/domain.hpp>
#include <xen/guest_access.hpp>

namespace xen::arch {

// Feature words in the ABI's order (public/arch-x86/cpufeatureset.h).
inline constexpr unsigned kFeatureWords = 19;

struct FeatureSet {
    u32 word[kFeatureWords] = {};
    bool has(unsigned feature) const { return word[feature / 32] >> (feature % 32) & 1; }
    void set(unsigned feature) { word[feature / 32] |= 1u << (feature % 32); }
    void clear(unsigned feature) { word[feature / 32] &= ~(1u << (feature % 32)); }
};

// Leaves by number; sub-leaves where a leaf has them. The hypervisor's own leaves are computed, not stored.
struct CpuPolicy {
    static constexpr unsigned kBasic = 0xe, kCache = 6, kFeature = 3, kTopology = 2, kXstate = 63, kExtended = 0x22;
    CpuidRegs basic[kBasic] = {};           // 0x0 to 0xd: as many as the toolstack knows
    CpuidRegs cache[kCache] = {};           // leaf 4
    CpuidRegs feature[kFeature] = {};         // leaf 7
    CpuidRegs topology[kTopology] = {};     // leaf 0xb
    CpuidRegs xstate[kXstate] = {};         // leaf 0xd
    CpuidRegs extended[kExtended] = {};     // 0x80000000 to 0x80000021
    u32 hypervisor_leaves = 0;              // leaves 0x40000000 on: a limit, 0 for all; and those of the second interface
    u32 hypervisor_leaves2 = 0;
    u64 platform_info = 0;                  // MSR_INTEL_PLATFORM_INFO: bit 31 CPUID faulting
    u64 arch_caps = 0;                      // MSR_ARCH_CAPABILITIES
    Vendor vendor = Vendor::other;
    FeatureSet features() const;
    void set_features(const FeatureSet& f);
};

// MSRs of one vCPU.
struct PvMsrs {
    u64 spec_ctrl = 0;
    bool cpuid_faulting = false;            // MSR_MISC_FEATURES_ENABLES bit 0
    u64 tsc_aux = 0;
    u32 dr_mask[4] = {};                    // AMD's breakpoint address masks
};

}  // namespace xen::arch

namespace xen::policy {

using arch::CpuPolicy;
using arch::FeatureSet;

void init();                                // boot CPU, when its features are known
const CpuPolicy& raw();
const CpuPolicy& host();
const CpuPolicy& pv_max();
const CpuPolicy& pv_default();

Status init_domain(Domain& d);
void destroy_domain(Domain& d);

// Executed by a vCPU: leaf in eax, sub-leaf in ecx, into the four registers.
void execute_cpuid(Vcpu& v);
arch::CpuidRegs guest_cpuid(const Vcpu& v, u32 leaf, u32 subleaf);

// The ABI's lists (XEN_DOMCTL_get/set_cpu_policy, XEN_SYSCTL_get_cpu_policy). As many as `capacity`; the count that there
// is in the result, Errno::nobufs when they do not fit.
Result<u32> write_leaves(const CpuPolicy& p, GuestOut<xen_cpuid_leaf_t> to, u32 capacity);
Result<u32> write_msrs(const CpuPolicy& p, GuestOut<xen_msr_entry_t> to, u32 capacity);
inline constexpr u32 kMaxLeaves = CpuPolicy::kBasic + (CpuPolicy::kCache - 1) + (CpuPolicy::kFeature - 1) +
                                  (CpuPolicy::kTopology - 1) + (CpuPolicy::kXstate - 1) + CpuPolicy::kExtended + 2;
static_assert(kMaxLeaves == 120);   // Xen 4.17's
inline constexpr u32 kMaxMsrs = 2;

// Which item of a list was refused; all ones for none.
struct Refusal {
    u32 leaf = ~0u, subleaf = ~0u, msr = ~0u;
};
// Replaces the domain's policy by itself with these leaves and MSRs, if the result is compatible with what the machine
// offers. Errno::inval, Errno::range or Errno::fault.
Status update(Domain& d, GuestIn<xen_cpuid_leaf_t> leaves, u32 nr_leaves, GuestIn<xen_msr_entry_t> msrs, u32 nr_msrs,
              Refusal& refused);

// Of the area that holds these state components, standard format.
u32 xsave_bytes(u64 components);

// Index as in the ABI (public/sysctl.h XEN_SYSCTL_cpu_featureset_*, _cpu_policy_*). HVM ones are empty.
FeatureSet featureset(unsigned index);
Result<const CpuPolicy&> by_index(unsigned index);

}  // namespace xen::policy
