// SPDX-License-Identifier: MIT
// x86 I/O ports by the width that a guest or a register asks for: 1, 2 or 4 bytes.
#pragma once

#include <asm/cpu.hpp>

namespace xen {

inline u32 port_in(u16 port, unsigned bytes) {
    if (bytes == 1) return arch::inb(port);
    return bytes == 2 ? arch::inw(port) : arch::inl(port);
}

inline void port_out(u16 port, unsigned bytes, u32 value) {
    if (bytes == 1) arch::outb(port, static_cast<u8>(value));
    else if (bytes == 2) arch::outw(port, static_cast<u16>(value));
    else arch::outl(port, value);
}

}  // namespace xen
