// SPDX-License-Identifier: MIT
// Hypercalls: as many as possible, all of them with wrong arguments, and long lists of them.
#include "storm.hpp"
#include <public/sched.h>
#include <public/version.h>

namespace {

constexpr unsigned kList = 2048;
multicall_entry list[kList];

// Those that would put the guest to sleep, end it, or take its own entry points away.
bool is_left_out(u64 number) {
    switch (number) {
    case __HYPERVISOR_set_callbacks:
    case __HYPERVISOR_stack_switch:
    case __HYPERVISOR_sched_op_compat:
    case __HYPERVISOR_sched_op:
    case __HYPERVISOR_iret:
    case __HYPERVISOR_set_debugreg: return true;
    default: return false;
    }
}

u64 wrong_word() {
    static constexpr u64 words[] = {kUnmapped, kHypervisor, kNonCanonical, ~u64{0}, 0x7ff0, 0x7ff1, 99, u64{1} << 62};
    return words[random_number() % (sizeof(words) / sizeof(words[0]))];
}

multicall_entry entry(u64 op, u64 a = 0, u64 b = 0) {
    auto e = zeroed<multicall_entry>();
    e.op = op;
    e.args[0] = a;
    e.args[1] = b;
    return e;
}

} // namespace

u64 random_number() {
    static u64 state = 88172645463325252;
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

void turn_null_calls() {
    for (unsigned i = 0; i < 256; ++i) hypercall(__HYPERVISOR_xen_version, XENVER_version);
}

void turn_wild_calls() {
    for (u64 number = 0; number < 64; ++number) {
        if (is_left_out(number)) continue;
        raw_hypercall(number, wrong_word(), wrong_word(), wrong_word(), wrong_word(), wrong_word(), wrong_word());
    }
    raw_hypercall(random_number(), 0, 0, 0, 0, 0, 0);
}

// A full list; one that ends where nothing is mapped; one that never ends, of lists.
void turn_multicalls() {
    for (multicall_entry& e : list) e = entry(__HYPERVISOR_xen_version, XENVER_version);
    hypercall(__HYPERVISOR_multicall, address(list), kList);
    for (multicall_entry& e : list) e = entry(__HYPERVISOR_multicall, address(list), kList);
    hypercall(__HYPERVISOR_multicall, address(list), 64);
    list[0] = entry(__HYPERVISOR_xen_version, XENVER_extraversion, kHypervisor);
    hypercall(__HYPERVISOR_multicall, address(list), ~u64{0});
}
