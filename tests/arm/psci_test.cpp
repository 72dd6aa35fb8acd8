// SPDX-License-Identifier: MIT
// PSCI 1.1 for vCPUs (ARM DEN0022), by the numbers of the specification.
#include <catch2/catch.hpp>
#include <public/sched.h>
#include <public/xen.h>

#include "trap_machine.hpp"

using namespace trap_test;

namespace {

constexpr u64 k32 = 0x84000000, k64 = 0xc4000000;
u64 error(s64 code) { return static_cast<u64>(code); }
constexpr s64 kNotSupported = -1, kInvalid = -2, kAlreadyOn = -4, kInvalidAddress = -9;

}  // namespace

TEST_CASE("PSCI: what there is") {
    Guest g;
    CHECK(g.call(k32 + 0) == 0x10001);
    CHECK(g.call(k32 + 6) == 2);
    for (u64 n = 0; n < 0x20; ++n) {
        bool narrow = n <= 4 || n == 6 || n == 8 || n == 9 || n == 10 || n == 18;
        bool wide = n == 1 || n == 3 || n == 4 || n == 18;
        CHECK((g.call(k32 + 10, k32 + n) == 0) == narrow);
        CHECK((g.call(k32 + 10, k64 + n) == 0) == wide);
        if (!narrow) CHECK(g.call(k32 + n) == error(kNotSupported));
        if (!wide) CHECK(g.call(k64 + n) == error(kNotSupported));
    }
    CHECK(g.call(k32 + 10, 0x80000000) == 0);           // the calling convention's version
    CHECK(g.call(k32 + 10, 0x80000001) == error(kNotSupported));
    CHECK(g.call(k32 + 0x20) == ~u64{0});               // not PSCI's
}

TEST_CASE("PSCI: a vCPU is started once, where the caller says") {
    Guest g{20};
    g.vcpu(17).arch.regs.x[7] = 99;
    CHECK(g.call(k64 + 3, 0x101, 0xffff000012345678, 0xabcdef0123456789) == 0);    // vCPU 17
    CHECK_FALSE(told().down.count(&g.vcpu(17)));
    CHECK(told().paused.empty());
    CHECK(g.vcpu(17).initialised);
    CHECK(g.regs(17).pc == 0xffff000012345678);
    CHECK(g.regs(17).x[0] == 0xabcdef0123456789);
    CHECK(g.regs(17).x[7] == 0);
    CHECK(g.regs(17).pstate == (PSR_GUEST64_INIT | PSR_DBG_MASK));
    CHECK(g.vcpu(17).arch.el1.vmpidr == (0x80000000 | 0x101));
    CHECK(told().resets == 1);
    CHECK(g.call(k64 + 3, 0x101, 0x1000) == error(kAlreadyOn));
    CHECK(g.call(k64 + 3, 0, 0x1000) == error(kAlreadyOn));                         // the caller itself
    CHECK(g.call(k64 + 3, 2, 0x1002) == error(kInvalidAddress));
    for (u64 nobody : {u64{0x104}, u64{0x10}, u64{0x10000}, u64{1} << 32, u64{0xff0f}, ~u64{0}})
        CHECK(g.call(k64 + 3, nobody, 0x1000) == error(kInvalid));
    CHECK(g.call(k32 + 3, u64{7} << 32 | 2, u64{5} << 32 | 0x1000, u64{9} << 32 | 4) == 0);   // 32-bit arguments
    CHECK(g.regs(2).pc == 0x1000);
    CHECK(g.regs(2).x[0] == 4);
}

TEST_CASE("PSCI: the caller itself, taken down by another; one that is not off yet") {
    Guest g;
    told().down.insert(&g.vcpu(0));
    CHECK(g.call(k64 + 3, 0, 0x1000) == error(kAlreadyOn));
    told().running.insert(&g.vcpu(1));                   // still on its way off
    g.call(k64 + 3, 1, 0x1000, 8);
    CHECK(g.regs().pc == kPc);                           // the call is made again
    CHECK(g.regs().x[0] == k64 + 3);
    CHECK(g.regs().x[3] == 8);
    CHECK(told().down.count(&g.vcpu(1)));
}

TEST_CASE("PSCI: off, and who is on") {
    Guest g;
    CHECK(g.call(k64 + 4, 0, 0) == 0);
    CHECK(g.call(k64 + 4, 1, 0) == 1);
    CHECK(g.call(k64 + 4, 2, 0) == error(kInvalid));
    CHECK(g.call(k64 + 4, 0, 1) == error(kInvalid));
    g.call(k32 + 2);
    CHECK(told().down.count(&g.vcpu(0)));
    CHECK(g.call(k32 + 4, 0, 0) == 1);
}

TEST_CASE("PSCI: a suspended vCPU waits, and goes on behind the call") {
    Guest g;
    CHECK(g.call(k64 + 1, 0, 0x1000) == 0);
    CHECK(told().blocks == 1);
    CHECK(g.regs().pc == kPc + 4);
    told().pending = true;
    CHECK(g.call(k32 + 1) == 0);
    CHECK(told().blocks == 1);
}

TEST_CASE("PSCI: the machine off and on again") {
    Guest g;
    g.call(k32 + 8);
    g.call(k32 + 9);
    g.call(k64 + 18, 0);
    CHECK(told().shutdowns == std::vector<unsigned>{SHUTDOWN_poweroff, SHUTDOWN_reboot, SHUTDOWN_reboot});
    CHECK(g.call(k64 + 18, 0x80000000) == error(kNotSupported));
    CHECK(g.call(k32 + 18, 1) == error(kNotSupported));
    CHECK(told().shutdowns.size() == 3);
}
