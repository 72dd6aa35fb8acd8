// SPDX-License-Identifier: MIT
// The policies of the machine, and each domain's own.
#include <public/arch-x86/cpufeatureset.h>
#include <public/sysctl.h>
#include <asm/policy.hpp>
#include <xen/option.hpp>
#include <xen/refusal.hpp>

#include "arch/x86/guest/policy/adjust.hpp"
#include "arch/x86/guest/policy/features.hpp"

namespace xen::policy {
namespace {

XEN_RO_AFTER_INIT CpuPolicy raw_policy, host_policy, pv_max_policy, pv_default_policy;

// A Domain has a page to itself and needs a part of it: its policy lies in the rest.
void* place_in(Domain& d) {
    constexpr usize kPlace = (sizeof(Domain) + alignof(CpuPolicy) - 1) / alignof(CpuPolicy) * alignof(CpuPolicy);
    static_assert(kPlace + sizeof(CpuPolicy) <= kPageSize);
    return reinterpret_cast<char*>(&d) + kPlace;
}

// The hardware domain keeps time for the machine, and asks what the processor's faults are.
void favour_hardware_domain(CpuPolicy& p) {
    FeatureSet f = p.features();
    for (unsigned n : {XEN_X86_FEATURE_ITSC, XEN_X86_FEATURE_ARCH_CAPS})
        if (host_policy.features().has(n)) f.set(n);
    p.set_features(f);
}

}  // namespace

void init() {
    raw_policy = read_machine();
    host_policy = host_from(raw_policy, hidden_features(option::values().cpuid));
    pv_max_policy = pv_max_from(host_policy);
    pv_default_policy = pv_default_from(pv_max_policy, host_policy);
}

const CpuPolicy& raw() { return raw_policy; }
const CpuPolicy& host() { return host_policy; }
const CpuPolicy& pv_max() { return pv_max_policy; }
const CpuPolicy& pv_default() { return pv_default_policy; }

Status init_domain(Domain& d) {
    if (!raw_policy.basic[0].a) init();
    auto* p = ::new (place_in(d)) CpuPolicy(pv_default_policy);
    if (d.is_hardware) favour_hardware_domain(*p);
    adjust(*p, pv_max_policy);
    d.arch.policy = p;
    return {};
}

void destroy_domain(Domain& d) { d.arch.policy = nullptr; }

u32 xsave_bytes(u64 components) { return xstate_bytes(raw_policy, components); }

FeatureSet featureset(unsigned index) {
    switch (index) {
    case XEN_SYSCTL_cpu_featureset_raw: return raw_policy.features();
    case XEN_SYSCTL_cpu_featureset_host: return host_policy.features();
    case XEN_SYSCTL_cpu_featureset_pv: return pv_default_policy.features();
    case XEN_SYSCTL_cpu_featureset_pv_max: return pv_max_policy.features();
    default: return {};
    }
}

Result<const CpuPolicy&> by_index(unsigned index) {
    switch (index) {
    case XEN_SYSCTL_cpu_policy_raw: return raw_policy;
    case XEN_SYSCTL_cpu_policy_host: return host_policy;
    case XEN_SYSCTL_cpu_policy_pv_max: return pv_max_policy;
    case XEN_SYSCTL_cpu_policy_pv_default: return pv_default_policy;
    case XEN_SYSCTL_cpu_policy_hvm_max:
    case XEN_SYSCTL_cpu_policy_hvm_default: return refuse(Errno::opnotsupp, "index is %u: there are no HVM guests", index);
    default: return refuse(Errno::inval, "index is %u: there is no such policy", index);
    }
}

}  // namespace xen::policy
