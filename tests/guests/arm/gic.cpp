// SPDX-License-Identifier: MIT
// Just enough of a driver for both versions of the interrupt controller.
#include "guest.hpp"

namespace gic {

Board board;

bool is_v3() {
    static u64 known;       // the register traps
    if (!known) known = 1 + (READ_REGISTER(id_aa64pfr0_el1) >> 24 & 15);
    return known > 1;
}

u64 private_frame(unsigned vcpu) { return is_v3() ? board.redistributor + vcpu * 0x20000 + 0x10000 : board.distributor; }

void enable_own(unsigned vcpu) {
    u64 frame = private_frame(vcpu);
    for (u64 at = 0x400; at < 0x420; at += 4) store(frame + at, 0xa0a0a0a0);
    store(frame + 0x100, u32{1} << 27 | u32{1} << 30 | 0xffff);
    if (is_v3()) {
        store(board.redistributor + vcpu * 0x20000 + 0x14, 0);
        WRITE_REGISTER(s3_0_c4_c6_0, 0xf0);       // priority mask
        WRITE_REGISTER(s3_0_c12_c12_7, 1);        // group 1
    } else {
        store(board.cpu + 4, 0xf0);
        store(board.cpu, 1);
    }
}

void init() {
    store(board.distributor, is_v3() ? 0x12 : 1);
    enable_own(0);
}

void enable_spi(unsigned spi) {
    if (is_v3()) *reinterpret_cast<volatile u64*>(board.distributor + 0x6000 + spi * 8) = 0;
    else *reinterpret_cast<volatile u8*>(board.distributor + 0x800 + spi) = 1;
    *reinterpret_cast<volatile u8*>(board.distributor + 0x400 + spi) = 0x80;
    store(board.distributor + 0x100 + spi / 32 * 4, u32{1} << spi % 32);
}

void send_sgi(unsigned vcpu, unsigned sgi) {
    asm volatile("dsb sy" ::: "memory");
    if (is_v3()) WRITE_REGISTER(s3_0_c12_c11_5, u64{sgi} << 24 | u64{1} << vcpu);
    else store(board.distributor + 0xf00, (u32{1} << (16 + vcpu)) | sgi);
}

}  // namespace gic

namespace {

u32 acknowledge() { return static_cast<u32>(gic::is_v3() ? READ_REGISTER(s3_0_c12_c12_0) : load(gic::board.cpu + 0xc)); }
void end(u32 id) {
    if (gic::is_v3()) WRITE_REGISTER(s3_0_c12_c12_1, u64{id});
    else store(gic::board.cpu + 0x10, id);
}

}  // namespace

u32 gic::take() {
    u32 id = acknowledge();
    if ((id & 0x3ff) < 1020) end(id);
    return id & 0x3ff;
}

extern "C" void take_interrupt() {
    volatile Block& b = blocks[READ_REGISTER(mpidr_el1) & 1];
    u32 id = acknowledge();
    // The timers' lines stay up until somebody turns them off.
    if (id == 27) WRITE_REGISTER(cntv_ctl_el0, u64{0});
    if (id == 30) WRITE_REGISTER(cntp_ctl_el0, u64{0});
    b.last_interrupt = id & 0x3ff;
    b.interrupts = b.interrupts + 1;
    if ((id & 0x3ff) < 1020) end(id);
}

namespace {

u64 wait_interrupt_until(u64 ticks) {
    volatile Block& b = blocks[0];
    u64 before = b.interrupts;
    b.last_interrupt = 1023;
    asm volatile("msr daifclr, #2" ::: "memory");
    u64 until = READ_REGISTER(cntvct_el0) + ticks;
    while (b.interrupts == before && READ_REGISTER(cntvct_el0) < until) asm volatile("yield");
    asm volatile("msr daifset, #2" ::: "memory");
    return b.last_interrupt;
}

constexpr u64 kSecond = 62500000;   // ticks of QEMU's

}  // namespace

u64 wait_interrupt() { return wait_interrupt_until(60 * kSecond); }
bool none_comes() { return wait_interrupt_until(kSecond / 10) == 1023; }
