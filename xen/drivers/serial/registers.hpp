// SPDX-License-Identifier: MIT
// Where a UART's registers are: in I/O ports or in memory, one byte each.
#pragma once

#include <asm/cpu.hpp>
#include <asm/mmio.hpp>

#include "drivers/serial/ns16550.hpp"

namespace xen::serial {

class PortOrMemory final : public UartRegisters {
public:
    void use_port(u16 base) { port_ = base; }
    void use_memory(volatile u8* base) { memory_ = base; }
    u8 read(unsigned reg) override {
        return memory_ ? arch::mmio_read8(memory_ + reg) : arch::inb(static_cast<u16>(port_ + reg));
    }
    void write(unsigned reg, u8 v) override {
        if (memory_) arch::mmio_write8(memory_ + reg, v);
        else arch::outb(static_cast<u16>(port_ + reg), v);
    }

private:
    u16 port_ = 0;
    volatile u8* memory_ = nullptr;
};

}  // namespace xen::serial
