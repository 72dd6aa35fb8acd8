// SPDX-License-Identifier: MIT
// Aborts of stage 2: emulated devices, with a syndrome and by the instruction, what was mapped meanwhile, and the guest's own
// mistakes.
#include <catch2/catch.hpp>
#include <public/xen.h>

#include "trap_machine.hpp"

using namespace trap_test;

namespace {

constexpr u64 kValid = 1 << 24, kSigned = 1 << 21, kWide = 1 << 15, kNoFar = 1 << 10, kCache = 1 << 8, kWalk = 1 << 7, kWrite = 1 << 6;
constexpr u64 kTranslation = 0x07, kPermission = 0x0f, kExternal = 0x10, kAlignment = 0x21;
constexpr u64 at(unsigned size, unsigned reg) { return u64{size} << 22 | u64{reg} << 16; }
constexpr u64 kVirtual = 0xffff800010000000;

struct Machine : Guest {
    // The access of this instruction faulted at a guest-physical address.
    void abort(u64 iss, u64 address, Class c = Class::data_abort) {
        regs().pc = kPc;
        sim::processor.far_el2 = kVirtual | (address & 0xfff);
        sim::processor.hpfar_el2 = address >> 12 << 4;
        trap(c, iss);
    }
    bool done() { return regs().pc == kPc + 4; }
    bool again() { return regs().pc == kPc; }
};

}  // namespace

TEST_CASE("a device's register by the syndrome: widths, signs, register 31") {
    struct Row {
        unsigned size;
        u64 flags, stored, loaded;
    };
    for (Row r : {Row{0, 0, 0x80, 0x80}, {0, kSigned, 0x80, 0xffffff80}, {0, kSigned | kWide, 0x80, 0xffffffffffffff80},
                  {1, 0, 0x8001, 0x8001}, {1, kSigned | kWide, 0x8001, 0xffffffffffff8001}, {2, 0, 0x80000001, 0x80000001},
                  {2, kSigned | kWide, 0x80000001, 0xffffffff80000001}, {3, kWide, 0x8000000000000001, 0x8000000000000001}}) {
        Machine m;
        told().registers[kDevice + 8] = r.stored;
        m.regs().x[5] = ~u64{0};
        m.abort(kValid | at(r.size, 5) | r.flags | kTranslation, kDevice + 8);
        CHECK(m.done());
        CHECK(m.regs().x[5] == r.loaded);
        m.regs().x[6] = 0x1122334455667788;
        m.abort(kValid | at(r.size, 6) | kWrite | kTranslation, kDevice + 16);
        CHECK(m.done());
        u64 mask = r.size == 3 ? ~u64{0} : (u64{1} << (8 << r.size)) - 1;
        CHECK(told().registers[kDevice + 16] == (0x1122334455667788 & mask));
        CHECK(told().accesses.back().bytes == 1u << r.size);
    }
    Machine m;
    m.abort(kValid | at(2, 31) | kWrite | kTranslation, kMmio + 4);
    CHECK(m.done());
    CHECK(told().accesses.back().value == 0);
    m.abort(kValid | at(2, 31) | kTranslation, kMmio + 4);
    CHECK(m.done());
}

TEST_CASE("an access that is not aligned, or that no device takes, is the guest's abort") {
    Machine m;
    m.abort(kValid | at(2, 1) | kTranslation, kDevice + 2);
    CHECK(m.took(Class::data_abort_same));
    CHECK(sim::processor.far == (kVirtual | 2));
    m.abort(kValid | at(2, 1) | kTranslation, 0x4000);
    CHECK(m.took(Class::data_abort_same));
    CHECK((sim::processor.esr & 0x3f) == 0x10);         // synchronous external abort
    m.regs().pstate = PSR_MODE_EL0t;
    m.abort(kValid | at(2, 1) | kTranslation, 0x4000);
    CHECK(m.took(Class::data_abort));                   // from a lower level
    CHECK(told().accesses.empty());
}

TEST_CASE("without a syndrome the instruction says what is accessed: write-back and pairs") {
    Machine m;
    auto run = [&](u32 word, u64 address) {
        told().words[kPc] = word;
        m.abort(kTranslation, address);
    };
    m.regs().x[0] = 0x1111, m.regs().x[1] = 0x5000;
    run(0xb8004420, kDevice + 4);                       // str w0, [x1], #4
    CHECK(m.done());
    CHECK(told().registers[kDevice + 4] == 0x1111);
    CHECK(m.regs().x[1] == 0x5004);

    told().registers[kDevice + 16] = 0xaaaa, told().registers[kDevice + 24] = 0xbbbb;
    u64 sp = sim::processor.sp_el1 = 0x6000;
    run(0xa8c107e0, kDevice + 16);                      // ldp x0, x1, [sp], #16
    CHECK(m.done());
    CHECK((m.regs().x[0] == 0xaaaa && m.regs().x[1] == 0xbbbb));
    CHECK(sim::processor.sp_el1 == sp + 16);

    m.regs().pstate = PSR_MODE_EL1t;                    // the other stack pointer
    m.regs().sp = 0x7000;
    run(0xa8c107e0, kDevice + 16);
    CHECK(m.regs().sp == 0x7010);
    CHECK(sim::processor.sp_el1 == sp + 16);
}

TEST_CASE("what the instruction does not say") {
    Machine m;
    auto refused = [&](u64 address) {
        m.abort(kTranslation, address);
        return m.took(Class::data_abort_same);
    };
    CHECK(refused(kDevice));                            // the instruction cannot be read
    told().words[kPc] = 0x3dc00020;                     // ldr q0, [x1]
    CHECK(refused(kDevice));
    told().words[kPc] = 0xa8c107e0;                     // a pair over the end of the page
    CHECK(refused(kDevice + 0xff8));
    CHECK(refused(kDevice + 4));                        // not aligned
    CHECK(refused(0x4000));                             // no device
    m.regs().pstate = PSR_MODE_USR;
    m.abort(kTranslation, kDevice);                     // AArch32 is not decoded
    CHECK(m.took(Class::data_abort));
    CHECK(told().accesses.empty());
}

TEST_CASE("maintenance of a device's cache lines is nothing") {
    Machine m;
    m.abort(kCache | kWrite | kTranslation, kDevice);
    CHECK(m.done());
    CHECK(told().accesses.empty());
    m.abort(kCache | kWrite | kTranslation, 0x4000);
    CHECK(m.took(Class::data_abort_same));
    told().mapped.insert(4);                            // mapped, if not for writing: that is enough
    m.abort(kCache | kWrite | kTranslation, 0x4000);
    CHECK(m.again());
}

TEST_CASE("what was mapped meanwhile is tried again, with the right to write where it is needed") {
    for (u64 fault : {kTranslation, u64{0x0b}, kAlignment}) {
        Machine m;
        told().mapped.insert(0x40000);
        m.abort(kValid | at(2, 1) | fault, 0x40000123);
        CHECK(m.again());
        m.abort(kValid | at(2, 1) | kWrite | fault, 0x40000120);
        CHECK(m.took(Class::data_abort_same));
        told().writable.insert(0x40000);
        m.abort(kValid | at(2, 1) | kWrite | fault, 0x40000120);
        CHECK(m.again());
        m.abort(fault, 0x40000000, Class::instruction_abort);
        CHECK(m.again());
        told().mapped.clear();
        m.abort(fault, 0x40000000, Class::instruction_abort);
        CHECK(m.took(Class::instruction_abort_same));
    }
}

TEST_CASE("a permission fault's address is asked of stage 1") {
    Machine m;
    told().writable.insert(0x51);
    m.abort(kWrite | kPermission, 0x40000008);          // HPFAR is of another fault
    CHECK(m.again());                                   // stage 1 has nothing there by now: it meets its own fault
    told().stage1[kVirtual >> 12] = 0x51;
    m.abort(kWrite | kPermission, 0x40000008);
    CHECK(m.again());
    told().stage1[kVirtual >> 12] = 0x52;
    m.abort(kWrite | kPermission, 0x40000008);
    CHECK(m.took(Class::data_abort_same));
    m.abort(kPermission, 0x40000008, Class::instruction_abort);
    CHECK(m.took(Class::instruction_abort_same));
    told().stage1.clear();
    m.abort(kPermission, 0x40000008, Class::instruction_abort);
    CHECK(m.again());
    told().writable.insert(0x40000);                    // of a walk HPFAR is right
    m.abort(kWrite | kWalk | kPermission, 0x40000008);
    CHECK(m.again());
}

TEST_CASE("a walk of stage 1 never reaches a device") {
    Machine m;
    m.abort(kValid | kWalk | at(2, 1) | kTranslation, kDevice);
    CHECK(m.took(Class::data_abort_same));
    CHECK(told().accesses.empty());
}

TEST_CASE("external aborts are the guest's, with the address where there is one") {
    Machine m;
    told().mapped.insert(0x40000);
    m.abort(kExternal, 0x40000010);
    CHECK(m.took(Class::data_abort_same));
    CHECK(sim::processor.far == (kVirtual | 0x10));
    m.abort(kExternal | kNoFar, 0x40000010);
    CHECK(m.took(Class::data_abort_same));
    CHECK(sim::processor.far == 0);
    m.abort(kExternal, 0x40000010, Class::instruction_abort);
    CHECK(m.took(Class::instruction_abort_same));
}
