// SPDX-License-Identifier: MIT
#include "drivers/serial/ns16550.hpp"

#include <asm/cpu.hpp>

namespace xen::serial {
namespace {

enum Reg : unsigned { kData = 0, kIer = 1, kIir = 2, kFcr = 2, kLcr = 3, kMcr = 4, kLsr = 5, kScratch = 7 };
constexpr u8 kIerReceive = 1, kIerTransmit = 2;
constexpr u8 kFcrOn = 0x01, kFcrClear = 0x06, kFcrTrigger8 = 0x80;
constexpr u8 kLcrDivisor = 0x80;
constexpr u8 kMcrDtr = 1, kMcrRts = 2, kMcrOut2 = 8;   // OUT2 lets the interrupt through on PCs
constexpr u8 kLsrData = 0x01, kLsrHolding = 0x20, kLsrIdle = 0x40;
constexpr u8 kFifoSize = 16;

// A character takes 10 ms at 1200 baud; a port access takes about 1 us.
constexpr unsigned kPatience = 100'000;

u8 line_control(const Config& c) {
    u8 v = static_cast<u8>(c.data_bits - 5);
    if (c.stop_bits == 2) v |= 4;
    switch (c.parity) {
    case 'o': return v | 0x08;
    case 'e': return v | 0x18;
    case 'm': return v | 0x28;
    case 's': return v | 0x38;
    default: return v;
    }
}

}  // namespace

bool Ns16550::present() {
    PortAccess a{*this};
    u8 old = regs_.read(kScratch);
    regs_.write(kScratch, 0x5a);
    bool first = regs_.read(kScratch) == 0x5a;
    regs_.write(kScratch, 0xa5);
    bool second = regs_.read(kScratch) == 0xa5;
    regs_.write(kScratch, old);
    return first && second && regs_.read(kLsr) != 0xff;
}

void Ns16550::setup(const Config& c) {
    PortAccess a{*this};
    regs_.write(kIer, 0);
    u8 line = line_control(c);
    if (c.baud) {
        u32 divisor = c.clock_hz / (c.baud * 16);
        if (!divisor) divisor = 1;
        regs_.write(kLcr, line | kLcrDivisor);
        regs_.write(kData, static_cast<u8>(divisor));
        regs_.write(kIer, static_cast<u8>(divisor >> 8));
    }
    regs_.write(kLcr, line);
    regs_.write(kMcr, kMcrDtr | kMcrRts);
    regs_.write(kFcr, kFcrOn | kFcrClear | kFcrTrigger8);
    fifo_ = (regs_.read(kIir) & 0xc0) == 0xc0 ? kFifoSize : 1;
}

bool Ns16550::wait_for(u8 bits) {
    for (unsigned i = 0; i < (dead_ ? 1 : kPatience); ++i) {   // no second long wait for one that did not answer
        if ((regs_.read(kLsr) & bits) == bits) {
            dead_ = false;
            return true;
        }
        arch::relax();
    }
    dead_ = true;
    return false;
}

void Ns16550::set_tx_interrupt(bool on) {
    u8 v = static_cast<u8>(on ? ier_ | kIerTransmit : ier_ & ~kIerTransmit);
    if (v == ier_) return;
    ier_ = v;
    regs_.write(kIer, v);
}

void Ns16550::push() {
    while (queued() && (regs_.read(kLsr) & kLsrHolding)) {
        for (unsigned i = 0; i < fifo_ && queued(); ++i)
            regs_.write(kData, static_cast<u8>(queue_[head_++ % kQueue]));
    }
}

void Ns16550::drain() {
    while (queued()) {
        if (!wait_for(kLsrHolding)) head_ = tail_;
        push();
    }
}

// A full queue is not waited out whole: half of it empties, the rest goes by interrupts again.
void Ns16550::put(char c) {
    if (queued() == kQueue) {
        while (queued() > kQueue / 2 && wait_for(kLsrHolding)) push();
        if (queued() == kQueue) ++head_;
    }
    queue_[tail_++ % kQueue] = c;
}

void Ns16550::write(Str text) {
    PortAccess a{*this};
    for (char c : text) {
        if (c == '\n') put('\r');
        put(c);
    }
    if (!queueing_ || console::panicking()) return drain();
    push();
    set_tx_interrupt(queued() != 0);
}

void Ns16550::flush() {
    PortAccess a{*this};
    drain();
    wait_for(kLsrHolding | kLsrIdle);
}

usize Ns16550::receive(char* to, usize max) {
    PortAccess a{*this};
    usize n = 0;
    while (n < max) {
        u8 status = regs_.read(kLsr);
        if (status == 0xff || !(status & kLsrData)) break;
        to[n++] = static_cast<char>(regs_.read(kData));
    }
    return n;
}

int Ns16550::poll() {
    char c;
    return receive(&c, 1) ? static_cast<unsigned char>(c) : -1;
}

void Ns16550::use_interrupts(bool receive) {
    PortAccess a{*this};
    queueing_ = true;
    ier_ = receive ? kIerReceive : 0;
    regs_.write(kMcr, kMcrDtr | kMcrRts | kMcrOut2);
    regs_.write(kIer, ier_);
    push();
    set_tx_interrupt(queued() != 0);
}

// What arrived goes on without our lock: it may end in an event for the hardware domain.
void Ns16550::interrupt() {
    char input[64];
    while (usize n = receive(input, sizeof input))
        for (usize i = 0; i < n; ++i) console::receive(input[i]);
    PortAccess a{*this};
    static_cast<void>(regs_.read(kIir));   // ends a transmit interrupt
    push();
    set_tx_interrupt(queued() != 0);
}

}  // namespace xen::serial
