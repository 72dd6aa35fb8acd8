// SPDX-License-Identifier: MIT
// Debug registers by hypercall and by instruction, and a watchpoint that fires.
#include "test.hpp"

namespace {

volatile u64 watched;

long set(u64 index, u64 v) { return hypercall(__HYPERVISOR_set_debugreg, index, v); }
u64 get(u64 index) { return static_cast<u64>(hypercall(__HYPERVISOR_get_debugreg, index)); }

void values() {
    for (u64 index = 0; index < 9; ++index) value(join("initial.", index), get(index));
    for (u64 index : {0, 1, 2, 3}) {
        result(join("set.", index), set(index, address(&watched)));
        check(join("get.", index), get(index) == address(&watched));
        result(join("set.hypervisor.", index), set(index, kHypervisor));
        result(join("set.non_canonical.", index), set(index, kNonCanonical));
        set(index, 0);
    }
    for (u64 index : {u64{4}, u64{5}, u64{6}, u64{8}, u64{100}, ~u64{0}}) {
        result(join("set.", index), set(index, 0x1));
        value(join("get.", index), get(index));
    }
    for (u64 control : {u64{0}, u64{1}, u64{0x400}, u64{0x2000}, u64{0xf0000}, u64{0x20000},
                        u64{0xffffffff}, u64{1} << 32, u64{0x00020002}}) {
        result(join("set_control.", control), set(7, control));
        value(join("get_control.", control), get(7));
    }
    set(7, 0);
    set(6, 0);
}

void watchpoint() {
    set(0, address(&watched));
    result("watch.set", set(7, 1u << 0 | 1u << 16 | 3u << 18)); // local 0, on write, four bytes
    const Fault f = catch_fault([] {
        watched = 1;
        asm volatile("nop");
    });
    fault("watch.hit", f);
    value("watch.dr6", get(6) & 0xf);
    set(7, 0);
    fault("watch.off", catch_fault([] { watched = 2; }));
    set(0, 0);
    set(6, 0);
}

void by_instruction() {
    u64 v = 0;
    fault("mov_to_dr1", catch_fault([] {
              asm volatile("mov %0, %%db1" : : "r"(address(&watched)));
          }));
    fault("mov_from_dr1", catch_fault([&v] { asm volatile("mov %%db1, %0" : "=r"(v)); }));
    check("mov_from_dr1.value", v == address(&watched));
    check("hypercall_sees_it", get(1) == address(&watched));
    fault("mov_to_dr2_bad", catch_fault([] {
              asm volatile("mov %0, %%db2" : : "r"(kHypervisor));
          }));
    fault("mov_from_dr4", catch_fault([&v] { asm volatile("mov %%db4, %0" : "=r"(v)); }));
    fault("mov_to_dr7_general_detect", catch_fault([] {
              asm volatile("mov %0, %%db7" : : "r"(u64{0x2000}));
          }));
    set(1, 0);
    set(7, 0);
}

// With CR4.DE breakpoints may be on ports, and DR4 and DR5 are no names for others any more.
void extensions() {
    u64 before = 0;
    asm volatile("mov %%cr4, %0" : "=r"(before));
    asm volatile("mov %0, %%cr4" : : "r"(before | 8));
    for (u64 index : {4, 5}) {
        result(join("de.set.", index), set(index, 0));
        result(join("de.get.", index), static_cast<long>(get(index)));
        fault(join("de.mov.", index), catch_fault([index] {
                  u64 v = 0;
                  if (index == 4) asm volatile("mov %%db4, %0" : "=r"(v));
                  else asm volatile("mov %%db5, %0" : "=r"(v));
              }));
    }
    for (u64 control : {u64{0x00020001}, u64{0x00020002}, u64{0x00020000}, u64{0x22220001}, u64{0x2000}, u64{0xd800},
                        u64{0xffff07ff}, u64{1} << 32 | 1}) {
        result(join("de.set_control.", control), set(7, control));
        value(join("de.get_control.", control), get(7));
        set(7, 0);
    }
    set(0, 0x61);
    set(7, 0x00020001);
    fault("de.port", catch_fault([] { asm volatile("inb $0x61, %%al; nop" : : : "eax"); }));
    value("de.port.dr6", get(6) & 0xf);
    set(7, 0);
    set(6, 0);
    set(0, 0);
    asm volatile("mov %0, %%cr4" : : "r"(before));
    for (u64 v : {u64{0}, u64{0xffffffff}, u64{1} << 32, ~u64{0}, u64{0x1000}, u64{0xe00f}}) {
        result(join("set_status.", v), set(6, v));
        value(join("get_status.", v), get(6));
    }
    set(6, 0);
    for (u64 where : {u64{0xffff800000000000}, u64{0xffff87ffffffffff}, u64{0xffff880000000000}, u64{0x7fffffffffff},
                      u64{0x800000000000}, ~u64{0}}) {
        result(join("set_address.", where), set(3, where));
        check(join("set_address.", where, ".kept"), get(3) == where || get(3) == 0);
        set(3, 0);
    }
}

} // namespace

void test_debugreg() {
    values();
    watchpoint();
    by_instruction();
    extensions();
}
