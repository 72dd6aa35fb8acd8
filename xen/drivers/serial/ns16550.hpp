// SPDX-License-Identifier: MIT
// A 16550 UART (National Semiconductor PC16550D). Registers are reached through UartRegisters, so that the logic runs
// on a simulated one. Output is queued once interrupts are in use: what the FIFO does not take now goes out as it
// drains; before, and after a panic, each character is waited for. A port that does not answer loses text, never time.
#pragma once

#include <atomic>

#include <xen/console.hpp>
#include <xen/lock.hpp>

#include "drivers/serial/options.hpp"
#include "drivers/serial/port_access.hpp"

namespace xen::serial {

class UartRegisters {
public:
    virtual u8 read(unsigned reg) = 0;
    virtual void write(unsigned reg, u8 v) = 0;

protected:
    ~UartRegisters() = default;
};

class Ns16550 final : public console::Device {
public:
    static constexpr usize kQueue = 16 * 1024;
    explicit constexpr Ns16550(UartRegisters& regs) : regs_{regs} {}
    Ns16550(const Ns16550&) = delete;
    Ns16550& operator=(const Ns16550&) = delete;

    bool present();                       // something there behaves like a UART
    void setup(const Config& c);
    void write(Str text) override;        // newlines become CR LF
    void flush() override;                // until the last bit is on the wire
    int poll() override;
    void use_interrupts(bool receive);    // false: output only (input is polled)
    void interrupt();                     // its line fired: input to the console, output from the queue

private:
    friend class PortAccess<Ns16550>;
    void put(char c) REQUIRES(lock_);
    void push() REQUIRES(lock_);          // as much as the FIFO takes now
    bool wait_for(u8 bits) REQUIRES(lock_);
    void drain() REQUIRES(lock_);
    void set_tx_interrupt(bool on) REQUIRES(lock_);
    usize receive(char* to, usize max);
    usize queued() const REQUIRES(lock_) { return tail_ - head_; }

    UartRegisters& regs_;
    Spinlock<LockRank::serial, IrqRule::off> lock_;
    std::atomic<bool> abandoned_{false};   // in a panic: nobody gives the lock back
    u8 ier_ GUARDED_BY(lock_) = 0;
    u8 fifo_ GUARDED_BY(lock_) = 1;
    bool queueing_ GUARDED_BY(lock_) = false;
    bool dead_ GUARDED_BY(lock_) = false;
    usize head_ GUARDED_BY(lock_) = 0, tail_ GUARDED_BY(lock_) = 0;
    char queue_[kQueue] GUARDED_BY(lock_) = {};
};

}  // namespace xen::serial
