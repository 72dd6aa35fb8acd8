// SPDX-License-Identifier: MIT
// CPUID leaves and MSRs of a toolstack for a domain. What is taken must be compatible: reading it back and setting that
// again is no change, and no leaf shows the guest what the machine's own policy does not have.
#include <asm/policy.hpp>
#include <public/domctl.h>
#include <sim/machine.hpp>
#include <sim/state.hpp>
#include <xen/hypercall.hpp>

#include <array>

#include "machine.hpp"
#include "targets.hpp"

namespace xen::fuzz {
namespace {

struct Lists {
    std::array<xen_cpuid_leaf_t, policy::kMaxLeaves + 2> leaves;
    std::array<xen_msr_entry_t, policy::kMaxMsrs + 2> msrs;
};
Lists given, read_back;

s64 call(u32 cmd, Domain& d, Lists& lists, u32& leaves, u32& msrs) {
    xen_domctl op{};
    op.cmd = cmd;
    op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op.domain = d.id.raw();
    op.u.cpu_policy.nr_leaves = leaves;
    op.u.cpu_policy.nr_msrs = msrs;
    op.u.cpu_policy.leaves.p = lists.leaves.data();
    op.u.cpu_policy.msrs.p = lists.msrs.data();
    s64 r = sim::hypercall(__HYPERVISOR_domctl, sim::address(op));
    if (cmd == XEN_DOMCTL_get_cpu_policy) leaves = op.u.cpu_policy.nr_leaves, msrs = op.u.cpu_policy.nr_msrs;
    return r;
}

// The domain's own leaves, some of them changed; or nothing but what the input has.
u32 choose_leaves(Input& in, u32 known) {
    u32 n = in.one_in(4) ? in.below(policy::kMaxLeaves + 3) : known;
    for (unsigned changes = in.below(8); changes && n && !in.empty(); --changes) {
        xen_cpuid_leaf_t& x = given.leaves[in.below(n)];
        switch (in.below(6)) {
        case 0: x.leaf = in.below(2) ? in.take<u32>() : in.below(32); break;
        case 1: x.subleaf = in.below(2) ? in.take<u32>() : in.below(64); break;
        case 2: x.a ^= in.one_in(2) ? in.take<u32>() : 1u << in.below(32); break;
        case 3: x.b ^= in.one_in(2) ? in.take<u32>() : 1u << in.below(32); break;
        case 4: x.c ^= in.one_in(2) ? in.take<u32>() : 1u << in.below(32); break;
        default: x.d ^= in.one_in(2) ? in.take<u32>() : 1u << in.below(32); break;
        }
    }
    return n;
}

void query(Input& in, Vcpu& v) {
    for (unsigned n = 0; n < 4; ++n) {
        u32 leaf = in.below(3) == 0 ? in.take<u32>() : in.below(2) ? 0x80000000 + in.below(40) : in.below(40);
        (void)policy::guest_cpuid(v, leaf, in.below(70));
    }
}

}  // namespace

void run_cpu_policy(Input in) {
    start_machine(64);
    Domain& control = sim::create_domain({.privileged = true, .id = 1});
    Domain& d = sim::create_domain({.id = 2});
    {
        sim::On on{*control.vcpus[0]};
        given = {};
        u32 leaves = policy::kMaxLeaves, msrs = policy::kMaxMsrs;
        if (call(XEN_DOMCTL_get_cpu_policy, d, given, leaves, msrs)) broken("a policy cannot be read");
        for (unsigned round = 0; round < 3 && !in.empty(); ++round) {
            u32 n = choose_leaves(in, leaves), m = in.one_in(3) ? in.below(policy::kMaxMsrs + 2) : msrs;
            if (in.one_in(4)) given.msrs[0].idx = in.take<u32>();
            if (in.one_in(4)) given.msrs[0].val ^= u64{1} << in.below(64);
            if (call(XEN_DOMCTL_set_cpu_policy, d, given, n, m) != 0) continue;
            u32 after = policy::kMaxLeaves, msrs_after = policy::kMaxMsrs;
            if (call(XEN_DOMCTL_get_cpu_policy, d, read_back, after, msrs_after)) broken("a policy that was taken cannot be read");
            if (call(XEN_DOMCTL_set_cpu_policy, d, read_back, after, msrs_after)) broken("a policy that was taken is refused");
        }
        query(in, *d.vcpus[0]);
    }
    sim::destroy_domain(d);
    sim::destroy_domain(control);
}

}  // namespace xen::fuzz
