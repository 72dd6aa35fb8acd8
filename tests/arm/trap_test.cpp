// SPDX-License-Identifier: MIT
// What a guest's traps come to: classes of exceptions, exceptions that it takes itself, system registers, timers.
#include <catch2/catch.hpp>
#include <public/xen.h>
#include <xen/softirq.hpp>

#include "log.hpp"
#include "trap_machine.hpp"

using namespace trap_test;

namespace {

constexpr u64 kEl1h = PSR_MODE_EL1h, kEl1t = PSR_MODE_EL1t, kEl0 = PSR_MODE_EL0t, kUser32 = PSR_MODE_USR;
constexpr u64 kAllMasked = PSR_DBG_MASK | PSR_ABT_MASK | PSR_IRQ_MASK | PSR_FIQ_MASK;

}  // namespace

TEST_CASE("an exception at EL1 is what the processor would make of it") {
    struct Row {
        u64 pstate, vector;
    };
    for (Row row : {Row{kEl1t, 0x000}, {kEl1h, 0x200}, {kEl0, 0x400}, {kUser32, 0x600}})
        for (bool four : {false, true}) {
            Guest g;
            g.regs().pstate = row.pstate | u64{5} << 28;
            g.trap(Class::vmrs, 0, four);
            CHECK(g.regs().pc == kVector + row.vector);
            CHECK(sim::processor.elr == kPc);
            CHECK(sim::processor.spsr == (row.pstate | u64{5} << 28));
            CHECK(sim::processor.esr == (u64{four} << 25));          // class 0: unknown reason
            CHECK((g.regs().pstate & 0x3df) == (kAllMasked | kEl1h));
            CHECK(g.regs().pstate >> 28 == 5);
        }
}

TEST_CASE("PAN, DIT and SSBS on the way into an exception") {
    constexpr u64 kPan = 1 << 22, kDit = 1 << 24, kSsbs = 1 << 12, kSpan = 1 << 23, kDssbs = u64{1} << 44;
    for (bool has_pan : {false, true})
        for (u64 sctlr : {u64{0}, kSpan, kDssbs, kSpan | kDssbs})
            for (u64 before : {u64{0}, kPan, kDit, kSsbs, kPan | kDit | kSsbs}) {
                Guest g;
                sim::processor.id[7][1] = has_pan ? 1 << 20 : 0;
                sim::processor.sctlr = sctlr;
                g.regs().pstate = kEl1h | before;
                g.trap(Class::sve, 0);
                u64 after = g.regs().pstate;
                CHECK(((after & kPan) != 0) == ((before & kPan) || (has_pan && !(sctlr & kSpan))));
                CHECK((after & kDit) == (before & kDit));
                CHECK(((after & kSsbs) != 0) == ((sctlr & kDssbs) != 0));
            }
}

TEST_CASE("classes that are undefined for a guest, and classes that nobody expects") {
    for (unsigned c = 0; c < 64; ++c) {
        auto ec = static_cast<Class>(c);
        if (ec == Class::wfx || ec == Class::hvc64 || ec == Class::smc64 || ec == Class::system_register || ec == Class::data_abort ||
            ec == Class::instruction_abort)
            continue;
        Guest g;
        arm_test::log_lines().clear();
        g.trap(ec, 0);
        CHECK(g.took(Class::unknown));
        const std::set<unsigned> known{0x00, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0c, 0x12, 0x13, 0x19};
        CHECK(arm_test::log_lines().size() == !known.count(c));
    }
}

TEST_CASE("hypercalls by their tag, from the kernel alone") {
    Guest g;
    g.regs().pc = kPc + 4;
    g.trap(Class::hvc64, XEN_HYPERCALL_TAG);
    CHECK(told().hypercalls == 1);
    CHECK(g.regs().x[0] == 42);
    CHECK(g.regs().pc == kPc + 4);
    g.regs().pstate = kEl0;
    g.trap(Class::hvc64, XEN_HYPERCALL_TAG);
    CHECK(g.took(Class::unknown));
    CHECK(g.regs().pc == kPc);                     // the instruction, not what is behind it
    CHECK(told().hypercalls == 1);
    g.regs().pstate = kEl1h;
    g.regs().pc = kPc + 4;
    g.trap(Class::hvc64, 7);
    CHECK(g.took(Class::unknown));
    CHECK(g.regs().pc == kPc);
}

TEST_CASE("a hypercall that blocks wakes up for an interrupt that is pending by then") {
    for (bool pending : {false, true})
        for (bool polling : {false, true}) {
            Guest g;
            told().blocked.insert(&g.vcpu());
            told().pending = pending, told().polling = polling;
            softirq::pending_mask.local().store(1);
            g.trap(Class::hvc64, XEN_HYPERCALL_TAG);
            softirq::pending_mask.local().store(0);
            CHECK(told().woken.count(&g.vcpu()) == (pending && !polling));
        }
}

TEST_CASE("WFI waits unless something is pending, WFE yields") {
    Guest g;
    g.trap(Class::wfx, 0);
    CHECK(told().blocks == 1);
    CHECK(g.regs().pc == kPc + 4);
    CHECK(told().woken.empty());
    told().pending = true;
    g.trap(Class::wfx, 0, false);
    CHECK(told().blocks == 1);
    CHECK(g.regs().pc == kPc + 6);
    told().pending = false, told().wakes_at_block = true;   // it came just when the flag was set
    g.trap(Class::wfx, 0);
    CHECK(told().woken.count(&g.vcpu()) == 1);
    g.trap(Class::wfx, 1);
    CHECK(told().yields == 1);
    CHECK(told().blocks == 2);
}

TEST_CASE("SMC is the same as HVC for calls, and undefined with a number") {
    Guest g;
    g.regs().x[0] = 0x80000000;                    // SMCCC_VERSION
    g.trap(Class::smc64, 0);
    CHECK(g.regs().x[0] == 0x10001);
    CHECK(g.regs().pc == kPc + 4);
    g.regs().pc = kPc;
    g.trap(Class::smc64, 3);
    CHECK(g.took(Class::unknown));
    CHECK(g.regs().pc == kPc);
}

TEST_CASE("the calling convention's own calls and Xen's") {
    Guest g;
    constexpr u64 kNone = ~u64{0};
    CHECK(g.call(0x80000000) == 0x10001);
    CHECK(g.call(0x80000001, 0x80000000) == 0);
    CHECK(g.call(0x80000001, 0x80000001) == 0);
    CHECK(g.call(0x80000001, 0x80008000) == kNone);          // no firmware barrier on this processor
    CHECK(g.call(0x80008000) == kNone);
    CHECK(g.call(0x80003fff) == kNone);
    CHECK(g.call(0x8600ff00) == 10);
    CHECK(g.call(0x8600ff01) == 0xa71812dc);
    CHECK((g.regs().x[1] == 0x4dddc698 && g.regs().x[2] == 0xafa8f0a5 && g.regs().x[3] == 0x5f7e0cf7));
    CHECK(g.call(0x8600ff03) == 0);
    CHECK(g.regs().x[1] == 1);
    CHECK(g.call(0x8600ff04) == kNone);
    for (u64 owner : {1, 2, 3, 5, 48, 63}) CHECK(g.call(0x80000000 | owner << 24) == kNone);
}

TEST_CASE("identification registers are read with what is hidden, and never written") {
    Guest g;
    u64 value = 0;
    sim::processor.id[4][0] = 0x1100000011112222;
    REQUIRE(g.read(3, 0, 0, 4, 0, &value));
    CHECK((value >> 24 & 15) == 1);                // the interrupt controller's registers
    CHECK((value & 0xff00) == 0);                  // no EL2, no EL3
    told().version = vgic::Version::v2;
    REQUIRE(g.read(3, 0, 0, 4, 0, &value));
    CHECK((value >> 24 & 15) == 0);
    for (unsigned crm = 1; crm < 8; ++crm)
        for (unsigned op2 = 0; op2 < 8; ++op2) {
            CHECK(g.read(3, 0, 0, crm, op2));
            CHECK_FALSE(g.write(3, 0, 0, crm, op2, 1));
        }
}

TEST_CASE("SGI registers are a GICv3's") {
    Guest g;
    CHECK(g.write(3, 0, 12, 11, 5, 0x1000001));
    CHECK(told().sgis == std::vector<u64>{0x1000001});
    CHECK_FALSE(g.read(3, 0, 12, 11, 5));
    for (unsigned op2 : {6, 7}) {
        CHECK(g.write(3, 0, 12, 11, op2, 1));      // to another group: nobody
        CHECK_FALSE(g.read(3, 0, 12, 11, op2));
    }
    u64 value = 0;
    CHECK(g.read(3, 0, 12, 12, 5, &value));
    CHECK(value == 7);
    CHECK(g.write(3, 0, 12, 12, 5, 0));
    told().version = vgic::Version::v2;
    CHECK_FALSE(g.write(3, 0, 12, 11, 5, 1));
    CHECK_FALSE(g.write(3, 0, 12, 11, 6, 1));
    CHECK_FALSE(g.read(3, 0, 12, 12, 5));
    CHECK(told().sgis.size() == 1);
}

TEST_CASE("cache maintenance by set and way that is not done is executed again") {
    Guest g;
    told().maintained = false;
    g.regs().pc = kPc;
    g.regs().x[3] = 0x40;
    g.trap(Class::system_register, guest::register_key(1, 0, 7, 14, 2) | u64{3} << 5);
    CHECK(g.regs().pc == kPc);
    CHECK(told().sets_and_ways == std::vector<u64>{0x40});
}

TEST_CASE("registers that read as zero, of the kernel alone or of one direction") {
    Guest g;
    u64 value = 1;
    g.vcpu().arch.el1.actlr = 0x77;
    CHECK(g.read(3, 0, 1, 0, 1, &value));
    CHECK(value == 0x77);
    CHECK(g.write(3, 0, 1, 0, 1, 5));
    CHECK(g.vcpu().arch.el1.actlr == 0x77);
    CHECK(g.read(2, 0, 1, 1, 4, &value));          // OSLSR_EL1
    CHECK(value == 8);
    CHECK_FALSE(g.write(2, 0, 1, 1, 4, 0));
    CHECK(g.write(2, 0, 1, 0, 4, 1));              // OSLAR_EL1
    CHECK_FALSE(g.read(2, 0, 1, 0, 4));
    for (unsigned crm : {6, 10, 14}) {             // DC by set and way
        CHECK(g.write(1, 0, 7, crm, 2, crm));
        CHECK_FALSE(g.read(1, 0, 7, crm, 2));
    }
    CHECK(told().sets_and_ways == std::vector<u64>{6, 10, 14});
    for (unsigned n = 0; n < 16; ++n)
        for (unsigned op2 = 4; op2 < 8; ++op2) {   // breakpoints and watchpoints
            CHECK(g.read(2, 0, 0, n, op2, &value));
            CHECK(value == 0);
            CHECK(g.write(2, 0, 0, n, op2, 1));
        }
    auto for_kernel = [&](unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2) {
        g.regs().pstate = kEl1h;
        CHECK(g.read(op0, op1, crn, crm, op2, &value));
        CHECK(value == 0);
        for (u64 user : {kEl0, kUser32}) {
            g.regs().pstate = user;
            CHECK_FALSE(g.read(op0, op1, crn, crm, op2));
            CHECK_FALSE(g.write(op0, op1, crn, crm, op2, 0));
        }
        g.regs().pstate = kEl1h;
    };
    for (unsigned op2 : {0, 1, 2, 3, 7}) for_kernel(3, 0, 10, 4, op2);
    for (unsigned crm : {12, 13, 14}) for_kernel(3, 3, 9, crm, 0), for_kernel(3, 0, 9, crm, 1);
    for_kernel(3, 3, 14, 8, 0);
    for_kernel(3, 3, 14, 15, 7);
}

TEST_CASE("what has no entry is undefined") {
    Guest g;
    CHECK_FALSE(g.read(3, 4, 1, 1, 0));            // HCR_EL2
    CHECK_FALSE(g.write(3, 6, 1, 1, 0, 0));        // SCR_EL3
    CHECK_FALSE(g.read(3, 0, 9, 11, 0));
    CHECK_FALSE(g.read(3, 3, 14, 7, 0));
    CHECK_FALSE(g.read(3, 0, 10, 4, 4));
    CHECK_FALSE(g.read(3, 0, 0, 8, 0));
    CHECK_FALSE(g.read(2, 1, 0, 0, 4));
    CHECK_FALSE(g.read(1, 0, 7, 6, 1));
}

TEST_CASE("register 31 is zero, and reads into nothing") {
    Guest g;
    g.regs().pc = kPc;
    u64 sp = g.regs().sp;
    g.trap(Class::system_register, guest::register_key(3, 0, 12, 12, 5) | u64{31} << 5 | 1);
    CHECK(g.regs().sp == sp);
    g.trap(Class::system_register, guest::register_key(3, 0, 12, 11, 5) | u64{31} << 5);
    CHECK(told().sgis == std::vector<u64>{0});
}

TEST_CASE("the physical timer: its line follows compare value, enable and mask") {
    Guest g;
    auto set = [&](unsigned op2, u64 v) { CHECK(g.write(3, 3, 14, 2, op2, v)); };
    auto get = [&](unsigned op2) {
        u64 v = 0;
        CHECK(g.read(3, 3, 14, 2, op2, &v));
        return v;
    };
    told().counter = 1'000'000;
    set(0, 500);                                   // TVAL
    CHECK(get(2) == 1'000'500);
    CHECK(get(0) == 500);
    CHECK(get(1) == 0);
    CHECK_FALSE(told().lines[30]);
    set(1, 1);
    CHECK(get(1) == 1);
    CHECK_FALSE(told().lines[30]);
    told().counter += 500;
    CHECK(get(1) == 5);
    set(1, 1);
    CHECK(told().lines[30]);
    set(1, 3);                                     // masked
    CHECK_FALSE(told().lines[30]);
    CHECK(get(1) == 7);
    set(1, 0xfffffffc);
    CHECK(get(1) == 0);
    set(0, static_cast<u32>(-5));                  // signed: in the past
    CHECK(get(2) == told().counter - 5);
    CHECK(get(0) == 0xfffffffb);
    set(1, 1);
    CHECK(told().lines[30]);
    set(2, ~u64{0});                               // the farthest that there is
    CHECK_FALSE(told().lines[30]);
    CHECK(get(2) == ~u64{0});
}
