// SPDX-License-Identifier: MIT
// The steps between the machine's policy and a guest's. Pure: they read and change policies only.
#pragma once

#include <asm/policy.hpp>

namespace xen::policy {

CpuPolicy read_machine();                       // every leaf as CPUID gives it
CpuPolicy host_from(const CpuPolicy& raw, const FeatureSet& hidden = {});      // what is known by name, without what no guest sees
CpuPolicy pv_max_from(const CpuPolicy& host);
CpuPolicy pv_default_from(const CpuPolicy& max, const CpuPolicy& host);
// Makes a policy consistent and keeps it within `max`: features, limits, leaves that no guest sees.
void adjust(CpuPolicy& p, const CpuPolicy& max);

void limit_xstate(CpuPolicy& p, const FeatureSet& f, u64 host_xcr0);
u64 guest_xcr0_max(const CpuPolicy& p);
u32 xstate_bytes(const CpuPolicy& p, u64 xcr0);             // standard format
u32 compact_xstate_bytes(const CpuPolicy& p, u64 xcr0);

}  // namespace xen::policy
