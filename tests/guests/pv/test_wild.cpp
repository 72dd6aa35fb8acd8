// SPDX-License-Identifier: MIT
// Every hypercall number with the same nonsense in all its arguments, numbers beyond the table, and
// wild counts. Calls that would end the run by design are left out by name.
#include "test.hpp"

namespace {

constexpr u64 kCount = 64;

struct Pattern {
    const char* name;
    u64 argument;
};

constexpr Pattern patterns[] = {{"zero", 0},
                                {"one", 1},
                                {"minus1", ~u64{0}},
                                {"unmapped", kUnmapped},
                                {"hypervisor", kHypervisor},
                                {"non_canonical", kNonCanonical},
                                {"int_min", 0x80000000},
                                {"self", DOMID_SELF}};

// iret leaves for good; block sleeps for ever; vcpu_op(1, 1) starts a processor.
bool left_out(u64 number, const Pattern& pattern) {
    if (number == __HYPERVISOR_iret) return true;
    const bool one = pattern.argument == 1;
    return one &&
           (number == __HYPERVISOR_sched_op || number == 6 || number == __HYPERVISOR_vcpu_op);
}

void put_back() {
    install_traps();
    install_callbacks();
    hypercall(__HYPERVISOR_fpu_taskswitch, 0);
    hypercall(__HYPERVISOR_set_timer_op, 0);
    for (u64 index : {0, 1, 2, 3, 7}) hypercall(__HYPERVISOR_set_debugreg, index, 0);
    hypercall(__HYPERVISOR_set_segment_base, 0, 0);
    hypercall(__HYPERVISOR_set_segment_base, 1, 0);
    hypercall(__HYPERVISOR_set_segment_base, 2, 0);
}

void numbers() {
    for (u64 number = 0; number < kCount; ++number)
        for (const Pattern& p : patterns) {
            if (left_out(number, p)) continue;
            const u64 a = p.argument;
            const long rc = raw_hypercall(number, a, a, a, a, a, a);
            put_back();
            result(join(p.name, ".", join("", number)), rc);
        }
}

// The same as entries of a list. What a list must not hold is refused there; what replaces the address space or puts the
// caller to sleep is left out.
void in_lists() {
    for (u64 number = 0; number < kCount; ++number)
        for (const Pattern& p : patterns) {
            if (left_out(number, p)) continue;
            const u64 a = p.argument;
            multicall_entry_t entry = {};
            entry.op = number;
            entry.result = 77;
            for (auto& argument : entry.args) argument = a;
            const long rc = hypercall(__HYPERVISOR_multicall, address(&entry), 1);
            put_back();
            result(join("list.", p.name, join(".", number)), rc ? rc : static_cast<long>(entry.result));
        }
}

void beyond() {
    for (u64 number : {u64{64}, u64{65}, u64{127}, u64{128}, u64{1000}, u64{0x7fffffff},
                       u64{0x80000000}, u64{0xffffffff}, u64{1} << 32, ~u64{0}})
        result(join("number.", number), raw_hypercall(number, 0, 0, 0, 0, 0, 0));
}

// Commands 0 to 39 of everything that takes a command first, with wild pointers behind it.
void commands() {
    for (u64 number :
         {u64{__HYPERVISOR_hvm_op}, u64{__HYPERVISOR_kexec_op}, u64{__HYPERVISOR_xenoprof_op},
          u64{__HYPERVISOR_xenpmu_op}, u64{__HYPERVISOR_nmi_op}})
        for (u64 command = 0; command < 28; ++command)
            for (const WildPointer& w : wild_pointers)
                result(join(join("call.", number, "."), command, join(".", w.name)),
                       hypercall(number, command, w.where, w.where, w.where));
}

void counts() {
    for (u64 number :
         {u64{__HYPERVISOR_mmu_update}, u64{__HYPERVISOR_mmuext_op}, u64{__HYPERVISOR_multicall}})
        for (u64 count : {u64{0}, u64{1}, u64{0x7fffffff}, u64{0x80000000}, u64{0x80000001},
                          u64{0xffffffff}, u64{1} << 32, ~u64{0}})
            for (const WildPointer& w : wild_pointers)
                result(join(join("count.", number, "."), count, join(".", w.name)),
                       hypercall(number, w.where, count, 0, DOMID_SELF));
}

} // namespace

void test_wild() {
    numbers();
    in_lists();
    beyond();
    commands();
    counts();
}
