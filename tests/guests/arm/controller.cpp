// SPDX-License-Identifier: MIT
// The registers of the virtual interrupt controller, of a shared interrupt and of our own ones: what is written is read, where
// it may be, and what is not there is zero (ARM IHI 0069 12.9 to 12.11, IHI 0048 4.3).
#include "guest.hpp"

namespace {

constexpr unsigned kLine = 101;                              // a shared one that no device of ours has
constexpr u32 kBit = u32{1} << kLine % 32;
u64 word_of(u64 bank) { return gic::kDistributor + bank + kLine / 32 * 4; }

// A pair of registers that set and clear the same bit.
void pair(const char* name, u64 set, u64 clear) {
    store(word_of(clear), kBit);
    check(name, load(word_of(set)) & kBit, 0);
    store(word_of(set), kBit);
    check("set: one reads it", load(word_of(set)) & kBit, kBit);
    check("and the other", load(word_of(clear)) & kBit, kBit);
    store(word_of(set), 0);
    store(word_of(clear), 0);
    check("zeros change nothing", load(word_of(set)) & kBit, kBit);
    store(word_of(clear), kBit);
    check("cleared", load(word_of(set)) & kBit, 0);
}

void shared_line() {
    pair("enabled", 0x100, 0x180);
    pair("pending", 0x200, 0x280);
    pair("active", 0x300, 0x380);
    u64 priority = gic::kDistributor + 0x400 + kLine / 4 * 4;
    store(priority, 0xf8a85008);
    check("four priorities of five bits", load(priority), 0xf8a85008);
    store(priority, 0xffffffff);
    check("the lower three are not there", load(priority), 0xf8f8f8f8);
    u64 configuration = gic::kDistributor + 0xc00 + kLine / 16 * 4;
    u32 edge = u32{2} << kLine % 16 * 2;
    store(configuration, edge);
    check("an edge", load(configuration) & edge, edge);
    store(configuration, 0);
    check("a level", load(configuration) & edge, 0);
}

void target() {
    if (gic::is_v3()) {
        volatile u64& router = *reinterpret_cast<volatile u64*>(gic::kDistributor + 0x6000 + kLine * 8);
        router = 0x12345678;
        check("a route keeps its affinities", router, 0x345678);
        router = 0;
        check("no bytes of targets", load(gic::kDistributor + 0x800 + kLine / 4 * 4), 0);
    } else {
        volatile u8& byte = *reinterpret_cast<volatile u8*>(gic::kDistributor + 0x800 + kLine);
        byte = 1;
        check("a target", byte, 1);
        check("private interrupts are ours", load(gic::kDistributor + 0x800), 0x01010101);
    }
}

void identity() {
    u64 d = gic::kDistributor;
    check("there are 32 lines and more", (load(d + 4) & 31) > 0, 1);
    store(d + 4, 0);
    check("GICD_TYPER is read only", (load(d + 4) & 31) > 0, 1);
    check("an implementer", load(d + 8) != 0, 1);
    check("a reserved register", load(d + 0xc + 0x10), 0);
    if (!gic::is_v3()) return;
    u64 r = gic::kRedistributor;
    check("GICR_TYPER: our affinity", load(r + 0xc), 0);
    check("GICR_WAKER: awake", load(r + 0x14), 0);
    store(r + 0x14, 2);
    check("and asleep", load(r + 0x14), 6);
    store(r + 0x14, 0);
    check("GICR_PIDR2", load(r + 0xffe8), 0x30);
}

void own_lines() {
    u64 own = gic::private_frame(0);
    check("SGIs are enabled", load(own + 0x100) & 0xffff, 0xffff);
    check("SGIs are edges", load(own + 0xc00), 0xaaaaaaaa);
    store(own + 0xc00, 0);
    check("always", load(own + 0xc00), 0xaaaaaaaa);
    store(own + 0x180, u32{1} << 20);
    store(own + 0x200, u32{1} << 20);
    check("a PPI that software made pending", load(own + 0x200) >> 20 & 1, 1);
    check("does not come while it is off", none_comes(), 1);
    store(own + 0x100, u32{1} << 20);
    check("and comes", wait_interrupt(), 20);
    store(own + 0x180, u32{1} << 20);
}

}  // namespace

void test_controller() {
    shared_line();
    target();
    identity();
    own_lines();
}
