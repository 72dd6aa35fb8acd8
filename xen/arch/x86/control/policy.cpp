// SPDX-License-Identifier: MIT
#include "arch/x86/control/policy.hpp"

#include <asm/policy.hpp>
#include <xen/refusal.hpp>

namespace xen::arch {
namespace {

// Both lists of a policy; x says the room and receives the numbers. Null handles ask for the most there can be.
template <class X>
Status copy_lists(const CpuPolicy& p, X& x) {
    auto leaves = guest_out(x.leaves);
    auto msrs = guest_out(x.msrs);
    if (leaves.is_null()) x.nr_leaves = policy::kMaxLeaves;
    else x.nr_leaves = TRY(policy::write_leaves(p, leaves, x.nr_leaves));
    if (msrs.is_null()) x.nr_msrs = policy::kMaxMsrs;
    else x.nr_msrs = TRY(policy::write_msrs(p, msrs, x.nr_msrs));
    return {};
}

}  // namespace

Status get_policy(Domain& d, xen_domctl_cpu_policy& x) {
    if (x.nr_leaves && !x.leaves.p) return refuse(Errno::fault, "leaves: room for %u at address 0", x.nr_leaves);
    return copy_lists(*d.arch.policy, x);
}

Status set_policy(Domain& d, xen_domctl_cpu_policy& x, bool& told) {
    if (&d == &current_domain()) return refuse(Errno::inval, "no domain does this to itself");
    policy::Refusal refused;
    Status s = x.nr_leaves > policy::kMaxLeaves || x.nr_msrs > policy::kMaxMsrs
                   ? Status{Errno::toobig}
                   : policy::update(d, guest_in(x.leaves), x.nr_leaves, guest_in(x.msrs), x.nr_msrs, refused);
    if (s) return s;
    told = true;
    x.err_leaf = refused.leaf;
    x.err_subleaf = refused.subleaf;
    x.err_msr = refused.msr;
    return refuse(s.error(), "leaf %#x, subleaf %#x, MSR %#x (of -1 none)", refused.leaf, refused.subleaf, refused.msr);
}

Status system_policy(xen_sysctl_cpu_policy& x) {
    if (x._rsvd) return refuse(Errno::inval, "_rsvd is not 0");
    const CpuPolicy& p = TRY(policy::by_index(x.index));
    return copy_lists(p, x);
}

Status feature_set(xen_sysctl_cpu_featureset& x) {
    if (x.features.p) {
        if (x.index > XEN_SYSCTL_cpu_featureset_hvm_max) return Errno::inval;
        FeatureSet f = policy::featureset(x.index);
        if (x.nr_features > kFeatureWords) x.nr_features = kFeatureWords;
        for (u32 i = 0; i < x.nr_features; ++i) TRY(guest_out(x.features).copy_out(f.word[i], i));
        return x.nr_features < kFeatureWords ? Errno::nobufs : Status{};
    }
    x.nr_features = kFeatureWords;
    return {};
}

}  // namespace xen::arch
