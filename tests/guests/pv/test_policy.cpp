// SPDX-License-Identifier: MIT
// The processor that a guest is told of: CPUID word for word, the sets of features, whole policies. The emulator's processor
// is always the same, so its facts may appear here; what counts processors or time does not.
#include "control.hpp"
#include "page.hpp"
#include "test.hpp"

namespace {

struct Registers {
    u32 word[4];
};

Registers forced_cpuid(u32 leaf, u32 subleaf) {
    Registers r{};
    asm volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e; cpuid"
                 : "=a"(r.word[0]), "=b"(r.word[1]), "=c"(r.word[2]), "=d"(r.word[3])
                 : "0"(leaf), "2"(subleaf));
    return r;
}

constexpr u32 kHtt = 1u << 28, kCmpLegacy = 1u << 1;

// Without the local APIC's number and what tells of the number of processors.
u32 stable(u32 leaf, unsigned word, u32 v) {
    if (leaf == 1 && word == 1) return v & 0xffff;
    if (leaf == 1 && word == 3) return v & ~kHtt;
    if (leaf == 0x80000001 && word == 2) return v & ~kCmpLegacy;
    return leaf == 0x80000008 && word == 2 ? 0 : v;
}
u32 stable_word(u32 number, u32 v) { return number == 0 ? v & ~kHtt : number == 3 ? v & ~kCmpLegacy : v; }

void show(u32 leaf, u32 subleaf) {
    const Registers r = forced_cpuid(leaf, subleaf);
    for (unsigned n = 0; n < 4; ++n)
        value(join(join("cpuid.", leaf, "."), subleaf, join(".", n)), stable(leaf, n, r.word[n]));
}

void leaves() {
    for (u32 leaf : {0u, 1u, 2u, 3u, 5u, 6u, 8u, 9u, 0xau, 0xcu, 0xeu, 0xfu, 0x10u, 0x12u, 0x14u, 0x15u, 0x16u, 0xffffu})
        show(leaf, 0);
    for (u32 leaf : {4u, 7u, 0xbu, 0xdu})
        for (u32 sub = 0; sub < 4; ++sub) show(leaf, sub);
    for (u32 leaf = 0x80000000; leaf < 0x80000022; ++leaf) show(leaf, 0);
    for (u32 leaf : {0x40000001u, 0x40000002u, 0x40000004u, 0x40000006u, 0x40000100u, 0x40000200u, 0x8fffffffu, ~0u})
        show(leaf, 0);
    show(0x40000005, 1);
}

void feature_sets() {
    u32 words[64];
    for (u32 set : {0u, 1u, 2u, 4u, 5u, 99u}) {
        memset(words, 0, sizeof(words));
        auto& f = make_sys(XEN_SYSCTL_get_cpu_featureset).u.cpu_featureset;
        f.index = set;
        f.nr_features = 64;
        set_handle(f.features, words);
        result(join("features.", set), call_sys());
        value(join("features.", set, ".count"), f.nr_features);
        for (u32 n = 0; n < f.nr_features && n < 64; ++n) value(join(join("features.", set, "."), n), stable_word(n, words[n]));
    }
    auto& f = make_sys(XEN_SYSCTL_get_cpu_featureset).u.cpu_featureset;
    f.index = 1;
    f.nr_features = 2;
    set_handle(f.features, words);
    result("features.two", call_sys());
    value("features.two.count", f.nr_features);
    set_handle(f.features, kUnmapped);
    f.nr_features = 64;
    result("features.fault", call_sys());
}

xen_cpuid_leaf_t policy_leaves[128];
xen_msr_entry_t policy_msrs[16];

void system_policy(u32 index) {
    const char* name = join("policy.", index);
    auto& p = make_sys(XEN_SYSCTL_get_cpu_policy).u.cpu_policy;
    p.index = index;
    result(join("policy.size.", index), call_sys());
    value(join("policy.size.", index, ".leaves"), p.nr_leaves);
    value(join("policy.size.", index, ".msrs"), p.nr_msrs);
    p.index = index;
    p.nr_leaves = 128;
    p.nr_msrs = 16;
    set_handle(p.leaves, policy_leaves);
    set_handle(p.msrs, policy_msrs);
    result(name, call_sys());
    value(join("policy.", index, ".leaves"), p.nr_leaves);
    value(join("policy.", index, ".msrs"), p.nr_msrs);
    p.nr_leaves = 1;
    p.nr_msrs = 16;
    result(join("policy.", index, ".short"), call_sys());
    p.nr_leaves = 128;
    p.nr_msrs = 0;
    result(join("policy.", index, ".no_msrs"), call_sys());
}

long ask_domain(domid_t domain, u32 leaves_room, u32 msrs_room) {
    auto& p = make_dom(XEN_DOMCTL_get_cpu_policy, domain).u.cpu_policy;
    p.nr_leaves = leaves_room;
    p.nr_msrs = msrs_room;
    set_handle(p.leaves, policy_leaves);
    set_handle(p.msrs, policy_msrs);
    return call_dom();
}

void show_policy(const char* who) {
    const auto p = dom.u.cpu_policy;
    value(join(who, ".leaves"), p.nr_leaves);
    value(join(who, ".msrs"), p.nr_msrs);
    for (u32 n = 0; n < p.nr_leaves; ++n) {
        const xen_cpuid_leaf_t& l = policy_leaves[n];
        const char* at = join(join(who, ".", ""), n, ".");
        value(join(at, "leaf"), l.leaf);
        value(join(at, "subleaf"), l.subleaf);
        if (l.leaf == 0x40000000 || l.leaf == 0x40000100) continue;
        value(join(at, "ab"), u64{l.a} << 32 | stable(l.leaf, 1, l.b));
        value(join(at, "cd"), u64{stable(l.leaf, 2, l.c)} << 32 | stable(l.leaf, 3, l.d));
    }
    for (u32 n = 0; n < p.nr_msrs; ++n) {
        value(join(who, ".msr.", join("", n)), policy_msrs[n].idx);
        value(join(join(who, ".msr."), n, ".value"), policy_msrs[n].val);
    }
}

long change(domid_t domain, u32 leaf, u32 subleaf, u32 a, u32 b, u32 c, u32 d) {
    policy_leaves[0] = {leaf, subleaf, a, b, c, d};
    auto& p = make_dom(XEN_DOMCTL_set_cpu_policy, domain).u.cpu_policy;
    p.nr_leaves = 1;
    set_handle(p.leaves, policy_leaves);
    return call_dom();
}

void changed(const char* name, long rc) {
    result(name, rc);
    value(join(name, ".leaf"), dom.u.cpu_policy.err_leaf);
    value(join(name, ".subleaf"), dom.u.cpu_policy.err_subleaf);
    value(join(name, ".msr"), dom.u.cpu_policy.err_msr);
}

void domain_policies() {
    constexpr domid_t kGuest = 500;
    result("own", ask_domain(0, 128, 16));
    show_policy("own");
    result("own.short", ask_domain(0, 2, 16));
    result("create", create_domain(kGuest));
    result("guest", ask_domain(kGuest, 128, 16));
    show_policy("guest");
    changed("set.own", change(0, 0, ~0u, 1, 0, 0, 0));
    changed("set.max_leaf", change(kGuest, 0, ~0u, 0xffff, 0x68747541, 0x444d4163, 0x69746e65));
    changed("set.wrong_subleaf", change(kGuest, 1, 0, 0, 0, 0, 0));
    changed("set.unknown_leaf", change(kGuest, 0x12345678, ~0u, 0, 0, 0, 0));
    changed("set.beyond_leaf", change(kGuest, 0x20, ~0u, 0, 0, 0, 0));
    changed("set.max_extended", change(kGuest, 0x80000000, ~0u, 0x8fffffff, 0, 0, 0));
    changed("set.subleaf_7", change(kGuest, 7, 0, 99, 0, 0, 0));
    changed("set.hypervisor", change(kGuest, 0x40000000, ~0u, 0x40000002, 0, 0, 0));
    for (u32 index : {0xceu, 0x10au, 0x10u, 0xc0000080u}) {
        policy_msrs[0] = {index, 0, 0};
        auto& p = make_dom(XEN_DOMCTL_set_cpu_policy, kGuest).u.cpu_policy;
        p.nr_msrs = 1;
        set_handle(p.msrs, policy_msrs);
        const long rc = call_dom();
        changed(join("set.msr.", index), rc);
    }
    policy_msrs[0] = {0xce, 1, 0};
    auto& p = make_dom(XEN_DOMCTL_set_cpu_policy, kGuest).u.cpu_policy;
    p.nr_msrs = 1;
    set_handle(p.msrs, policy_msrs);
    changed("set.msr.flags", call_dom());
    make_dom(XEN_DOMCTL_set_cpu_policy, kGuest).u.cpu_policy.nr_leaves = 100000;
    changed("set.many", call_dom());
    make_dom(XEN_DOMCTL_set_cpu_policy, kGuest);
    changed("set.nothing", call_dom());
    result("destroy", call_dom(XEN_DOMCTL_destroydomain, kGuest));
}

} // namespace

void test_policy() {
    leaves();
    feature_sets();
    for (u32 index : {0u, 1u, 2u, 4u, 6u}) system_policy(index);
    domain_policies();
}
