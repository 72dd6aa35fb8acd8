// SPDX-License-Identifier: MIT
#include "drivers/serial/pl011.hpp"

#include <asm/mmio.hpp>

namespace xen::serial {
namespace {

// DDI 0183 3.2, 3.3.
constexpr unsigned kData = 0x00, kFlags = 0x18, kLineControl = 0x2c, kControl = 0x30, kMask = 0x38, kMasked = 0x40, kClear = 0x44;
constexpr u32 kBusy = 1 << 3, kReceiveEmpty = 1 << 4, kTransmitFull = 1 << 5;
constexpr u32 kEightBitsFifo = 0x70, kOn = 0x301, kInput = 1 << 4 | 1 << 6;   // received, receive timeout
// A character takes 10 ms at 1200 baud; a register access takes about 100 ns.
constexpr unsigned kPatience = 1'000'000;

}  // namespace

void Pl011::open(char* registers, bool full) {
    regs_ = registers;
    arch::mmio_write32(regs_ + kMask, 0);
    if (!full) return;
    arch::mmio_write32(regs_ + kLineControl, kEightBitsFifo);
    arch::mmio_write32(regs_ + kControl, kOn);
}

bool Pl011::wait_until_clear(u32 flag) {
    for (unsigned i = 0; i < (dead_ ? 1 : kPatience); ++i) {   // no second long wait for one that did not answer
        if (!(arch::mmio_read32(regs_ + kFlags) & flag)) {
            dead_ = false;
            return true;
        }
        arch::relax();
    }
    dead_ = true;
    return false;
}

void Pl011::put(char c) {
    if (wait_until_clear(kTransmitFull)) arch::mmio_write32(regs_ + kData, static_cast<u8>(c));
}

void Pl011::write(Str text) {
    PortAccess a{*this};
    for (char c : text) {
        if (c == '\n') put('\r');
        put(c);
    }
}

void Pl011::flush() {
    PortAccess a{*this};
    wait_until_clear(kBusy);
}

int Pl011::poll() {
    PortAccess a{*this};
    if (arch::mmio_read32(regs_ + kFlags) & kReceiveEmpty) return -1;
    return static_cast<int>(arch::mmio_read32(regs_ + kData) & 0xff);
}

void Pl011::use_interrupt() {
    PortAccess a{*this};
    arch::mmio_write32(regs_ + kClear, kInput);
    arch::mmio_write32(regs_ + kMask, kInput);
}

// What arrived goes on without our lock: it may end in an event for the hardware domain.
void Pl011::interrupt() {
    arch::mmio_write32(regs_ + kClear, arch::mmio_read32(regs_ + kMasked));
    for (int c; (c = poll()) >= 0;) console::receive(static_cast<char>(c));
}

}  // namespace xen::serial
