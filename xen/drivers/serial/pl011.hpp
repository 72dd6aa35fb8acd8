// SPDX-License-Identifier: MIT
// A PL011 UART (ARM DDI 0183), or the part of it that the SBSA asks for, as a console device. The firmware has set the line up.
// Output waits for room in the FIFO, a character's time at most; one that does not answer loses text, never time.
#pragma once

#include <atomic>

#include <xen/console.hpp>
#include <xen/lock.hpp>

#include "drivers/serial/port_access.hpp"

namespace xen::serial {

class Pl011 final : public console::Device {
public:
    constexpr Pl011() = default;
    Pl011(const Pl011&) = delete;
    Pl011& operator=(const Pl011&) = delete;

    void open(char* registers, bool full);     // full: has line control, too
    void write(Str text) override;             // newlines become CR LF
    void flush() override;
    int poll() override;
    void use_interrupt();
    void interrupt();                          // its line fired: input goes to the console

private:
    friend class PortAccess<Pl011>;
    void put(char c) REQUIRES(lock_);
    bool wait_until_clear(u32 flag) REQUIRES(lock_);

    char* regs_ = nullptr;
    Spinlock<LockRank::serial, IrqRule::off> lock_;
    std::atomic<bool> abandoned_{false};       // in a panic: nobody gives the lock back
    bool dead_ GUARDED_BY(lock_) = false;
};

}  // namespace xen::serial
